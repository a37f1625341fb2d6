// What bench/dashboard.ts puts into a page before the page's own scripts: it notes when something is on the screen.
const bench = {
  /** Milliseconds from the start of the navigation. */
  paintedMs: null,
  /** What was shown, and the time (since 1970) at which its frame was done. */
  seen: [],
  /** Milliseconds of tasks of 50 ms and more. */
  longTasks: [],

  /** Calls back when the frame under way is done: a message that a frame's callback posts comes after the frame. */
  afterPaint(then) {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(null);
    });
  },

  /** Notes when there are `count` elements and two frames have passed. */
  watchView({ selector, count }) {
    const look = () => {
      if (document.querySelectorAll(selector).length < count) return;
      watch.disconnect();
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          bench.paintedMs = performance.now();
        }),
      );
    };
    const watch = new MutationObserver(look);
    watch.observe(document, { childList: true, subtree: true });
  },

  /** Notes each cell of a grid whose words change, as `run loss`. */
  watchGrid() {
    new MutationObserver((changes) => {
      const told = changes.flatMap(({ target }) => {
        const loss = /general loss ([\d.]+)/.exec(target.title)?.[1];
        return loss ? [`${target.dataset.run} ${Number(loss).toFixed(3)}`] : [];
      });
      bench.afterPaint(() => bench.seen.push(...told.map((each) => [each, Date.now()])));
    }).observe(document.querySelector('.grids'), { attributeFilter: ['title'], subtree: true });
  },

  /** Notes of how many lines all charts consist whenever they are drawn anew: a canvas has no element for a point. */
  watchCurves() {
    let lines = 0;
    const { lineTo } = Path2D.prototype;
    Path2D.prototype.lineTo = function (x, y) {
      lineTo.call(this, x, y);
      lines++;
      if (lines > 1) return;
      bench.afterPaint(() => {
        bench.seen.push([lines, Date.now()]);
        lines = 0;
      });
    };
  },

  watchLongTasks() {
    new PerformanceObserver((list) => {
      bench.longTasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: 'longtask' });
  },
};
window.bench = bench;
