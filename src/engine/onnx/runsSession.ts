import { checkArrays, checkFeeds } from '../checks.ts';
import { ACTIVE } from '../trace/overRuns.ts';
import { elementsOf, entryOfRun, layoutOverRuns, stateLayout } from '../trace/stateLayout.ts';
import type { Arrays, RunsSession, SessionDefinition } from '../types.ts';
import type { OnnxDevice } from './deviceNames.ts';
import type { DeviceBackend } from './devices.ts';
import { openGraphs } from './graphs.ts';
import { emptyArray, tensorOf } from './state.ts';

/** A session over the states of several runs, in one graph. */
export async function openRunsSession(
  device: OnnxDevice,
  backend: DeviceBackend,
  definition: SessionDefinition,
  runs: number,
): Promise<RunsSession> {
  const layout = layoutOverRuns(stateLayout(definition), runs);
  const graphs = await openGraphs(device, backend, definition, layout, {
    callsAtOnce: 1,
    runs,
    updateInLoops: false,
  });
  const names = Object.keys(definition.state);
  const checkRun = (run: number): void => {
    if (!Number.isInteger(run) || run < 0 || run >= runs)
      throw new Error(`there is no run ${run} of ${runs}`);
  };
  return {
    runs,
    writeState: async (run, values) => {
      checkRun(run);
      checkArrays('state entry', values, definition.state);
      const entries = Object.entries(values).map(([name, array]) => [entryOfRun(run, name), array]);
      await graphs.writeState(Object.fromEntries(entries));
    },
    readState: async (run) => {
      checkRun(run);
      const values = await graphs.readState(names.map((name) => entryOfRun(run, name)));
      return Object.fromEntries(names.map((name) => [name, values[entryOfRun(run, name)]!]));
    },
    call: async (functionName, feeds) => {
      const compiled = graphs.functionNamed(functionName);
      if (feeds.length !== runs)
        throw new Error(`${functionName}: feeds of ${feeds.length} runs, not of ${runs}`);
      for (const each of feeds)
        if (each) checkFeeds(functionName, each, definition.functions[functionName]!.feeds);
      const outputs = await graphs.run(compiled.session, compiled, (name, spec) => {
        if (name === ACTIVE)
          return tensorOf(
            spec,
            Float32Array.from(feeds, (each) => Number(each !== null)),
          );
        const values = emptyArray(spec);
        const size = elementsOf(spec) / runs;
        feeds.forEach((each, run) => {
          // A run without feeds computes with zeros, and nobody looks at what comes of it.
          if (each) values.set(each[name] as never, run * size);
        });
        return tensorOf(spec, values);
      });
      return feeds.map((each, run): Arrays | null => {
        if (!each) return null;
        const own = Object.entries(outputs).map(([name, values]) => {
          const size = values.length / runs;
          return [name, values.slice(run * size, (run + 1) * size)];
        });
        return Object.fromEntries(own);
      });
    },
    close: graphs.close,
    notes: () => backend.notes,
  };
}
