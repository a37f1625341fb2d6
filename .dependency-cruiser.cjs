// Who may import whom. The way of the data is one way: config -> sweep -> queue -> training -> store -> laws -> report.
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment: `src/${from} may import only: ${allowed.join(', ') || 'nothing of the project'}`,
  from: { path: `^src/${from}/` },
  to: { path: '^(src|pipelines|workers|data)/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@tensorflow/tfjs-node' },
    },
    only('common', []),
    only('model', ['common']),
    only('engine', ['common']),
    only('laws', ['common']),
    only('corpus', ['common']),
    only('measurements', ['common']),
    only('config', ['common']),
    only('training', ['common', 'model', 'engine', 'corpus']),
    only('store', ['common']),
    only('queue', ['common']),
    only('cli', ['common']),
    only('report', ['common', 'store', 'laws']),
    only('sweep', [
      'common',
      'config',
      'corpus',
      'model',
      'engine',
      'training',
      'queue',
      'store',
      'laws',
      'report',
    ]),
    {
      name: 'src-not-to-entry-points',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(pipelines|workers)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
