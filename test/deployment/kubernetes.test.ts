import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { classQueue, PREFIX, queueBase } from '../../src/queue/names.ts';
import { NUMERICS_VERSION } from '../../src/training/runSpec.ts';
import { file, ROOT } from './files.ts';

type Mapping = Record<string, unknown>;

function documents(path: string): Mapping[] {
  return parseAllDocuments(file(path)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Mapping;
  });
}

/** The value at a path of keys and indexes. */
const at = (from: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((here, key) => (here as Mapping | undefined)?.[key], from);

const FILES = readdirSync(`${ROOT}deploy/kubernetes`).map((name) => `deploy/kubernetes/${name}`);
const [deployment] = documents('deploy/kubernetes/worker.yaml');
const pod = at(deployment, 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0) as Mapping;
const args = container.args as string[];
const slots = args[args.indexOf('--slots') + 1];

it.each(FILES)('%s holds objects with names, and no secret', (path) => {
  for (const object of documents(path)) {
    expect(object.apiVersion).toBeTypeOf('string');
    expect(at(object, 'metadata', 'name')).toMatch(/^mixture-law-[a-z]+$/);
    expect(object.kind).not.toBe('Secret');
  }
  expect(file(path)).not.toMatch(/:latest\b/);
  expect(file(path)).not.toMatch(/rediss?:\/\/[^\s"]*:[^\s"]*@|\b[0-9a-f]{32,}\b/);
});

describe('the Deployment of workers', () => {
  it('runs the worker of a pinned image, with flags that it knows', () => {
    const { version } = JSON.parse(file('package.json')) as { version: string };
    expect(String(container.image).split(':').at(-1)).toBe(version);
    expect(args[0]).toBe('workers/worker.ts');
    const source = file(args[0]!);
    for (const flag of args.filter((word) => word.startsWith('--'))) {
      expect(source, flag).toContain(`'${flag} <`);
    }
  });

  it('asks for a core a slot, and has slots: a container may see all cores of its node', () => {
    expect(args).toContain('--slots');
    expect(at(container, 'resources', 'requests', 'cpu')).toBe(slots);
  });

  it('fetches no more artifacts than its disk holds', () => {
    const gigabytes = Number(/^(\d+)GB$/.exec(args[args.indexOf('--cache-limit') + 1]!)?.[1]);
    const limit = String(at(container, 'resources', 'limits', 'ephemeral-storage'));
    expect(gigabytes * 1e9).toBeLessThan(Number(/^(\d+)Gi$/.exec(limit)?.[1]) * 2 ** 30);
  });

  it('selects its own pods', () => {
    expect(at(deployment, 'spec', 'selector', 'matchLabels')).toEqual(
      at(deployment, 'spec', 'template', 'metadata', 'labels'),
    );
  });

  it('has a memory limit, time to save, and no rights', () => {
    expect(at(pod, 'terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(60);
    expect(at(container, 'resources', 'limits', 'memory')).toBe(
      at(container, 'resources', 'requests', 'memory'),
    );
    expect(at(pod, 'securityContext')).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('gets its secrets as files, and can write where it must', () => {
    const mounts = container.volumeMounts as { name: string; mountPath: string }[];
    const volumes = at(pod, 'volumes') as { name: string }[];
    expect(mounts.map(({ name }) => name).sort()).toEqual(volumes.map(({ name }) => name).sort());
    const paths = mounts.map(({ mountPath }) => mountPath);
    expect(paths).toEqual(expect.arrayContaining(['/app/data/worker', '/app/data/cache', '/tmp']));
    for (const { name, value } of container.env as { name: string; value: string }[]) {
      if (!name.endsWith('_FILE')) expect(name).toBe('ARTIFACTS_URL');
      else
        expect(
          paths.some((path) => value.startsWith(`${path}/`)),
          name,
        ).toBe(true);
    }
    expect(file('deploy/kubernetes/worker.yaml')).toContain(
      '--from-file=redis_url --from-file=artifacts_token',
    );
  });
});

describe('the autoscaling', () => {
  const [authentication, scaled] = documents('deploy/kubernetes/autoscaling.yaml');
  const triggers = at(scaled, 'spec', 'triggers') as {
    type: string;
    metadata: Record<string, string>;
    authenticationRef: { name: string };
  }[];

  it('scales the Deployment, with credentials from a secret', () => {
    expect(at(scaled, 'spec', 'scaleTargetRef', 'name')).toBe(at(deployment, 'metadata', 'name'));
    const name = at(authentication, 'metadata', 'name');
    for (const { authenticationRef } of triggers) expect(authenticationRef.name).toBe(name);
    expect(existsSync(`${ROOT}deploy/kubernetes/autoscaling.yaml`)).toBe(true);
  });

  it('looks at the keys that the queue has: what waits, with and without a priority, and what runs', () => {
    const identity = { homeId: '0123abcd'.repeat(4), engine: 'onnx', numericsVersion: NUMERICS_VERSION };
    const queue = `${PREFIX}:${classQueue(queueBase(identity), 'cpu')}`;
    expect(triggers.map(({ metadata }) => metadata.listName)).toEqual(
      ['wait', 'prioritized', 'active'].map((list) => `${queue}:${list}`),
    );
  });

  it('wants a worker for as many runs as one trains at once', () => {
    for (const { type, metadata } of triggers) {
      expect(type).toBe('redis');
      expect(metadata.listLength).toBe(slots);
    }
  });
});
