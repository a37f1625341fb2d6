import { EventEmitter } from 'node:events';

/** A clock that goes on only when told to. */
export function fakeClock() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

/** A control sequence with its parameters and command, or one character. */
const ESCAPE = '\u001B';
const SEQUENCE = new RegExp(`${ESCAPE}\\[([0-9;?]*)([A-Za-z])|[\\s\\S]`, 'gu');

/**
 * A terminal of `columns` columns: keeps what a person would see, by acting out the escape sequences it is sent.
 * Throws on a sequence that it does not know, so that no test passes by not looking.
 */
export function fakeTerminal(columns: number, rows = 24) {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  let cursorVisible = true;
  let raw = '';
  const events = new EventEmitter();

  const put = (character: string): void => {
    if (column >= stream.columns) newline();
    const line = lines[row]!;
    while (line.length < column) line.push(' ');
    line[column++] = character;
  };
  const newline = (): void => {
    row++;
    column = 0;
    if (row === lines.length) lines.push([]);
  };
  const control = (parameters: string, command: string): void => {
    const count = Number(parameters || 1);
    if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'B') row = Math.min(lines.length - 1, row + count);
    else if (command === 'G') column = count - 1;
    else if (command === 'K' && parameters === '2') lines[row] = [];
    else if (command === 'K') lines[row]!.length = Math.min(lines[row]!.length, column);
    else if (command === 'm' || parameters === '?2026') return;
    else if (parameters === '?25') cursorVisible = command === 'h';
    else throw new Error(`the fake terminal does not know CSI ${parameters}${command}`);
  };

  const stream = Object.assign(events, {
    columns,
    rows,
    isTTY: true,
    write(text: string) {
      raw += text;
      const tokens = text.matchAll(SEQUENCE);
      for (const [token, parameters, command] of tokens) {
        if (command !== undefined) control(parameters!, command);
        else if (token === '\n') newline();
        else if (token === '\r') column = 0;
        else put(token);
      }
      return true;
    },
  });
  return {
    stream: stream as unknown as NodeJS.WritableStream & { columns: number; rows: number },
    screen: () =>
      lines
        .map((line) => line.join('').trimEnd())
        .join('\n')
        .trimEnd()
        .split('\n'),
    cursorVisible: () => cursorVisible,
    written: () => raw,
    resize(to: number) {
      stream.columns = to;
      events.emit('resize');
    },
    listeners: () => events.listenerCount('resize'),
  };
}
