import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { file, ROOT } from './files.ts';

interface Service {
  image: string;
  entrypoint?: string[];
  command: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
  profiles?: string[];
  ports?: string[];
}

const { services, volumes, secrets } = parse(file('compose.yaml'), { merge: true }) as {
  services: Record<'redis' | 'coordinator' | 'worker' | 'refit' | 'dashboard', Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
};
const OURS = ['coordinator', 'worker', 'refit', 'dashboard'] as const;

it('has a Redis, a coordinator, workers and a refit; the dashboard for who asks for it', () => {
  expect(Object.keys(services).sort()).toEqual(['coordinator', 'dashboard', 'redis', 'refit', 'worker']);
  const profiles = Object.entries(services).map(([name, service]) => [name, service.profiles]);
  expect(profiles.filter(([, names]) => names)).toEqual([['dashboard', ['dashboard']]]);
});

it('pins every image, its own to the version of the project', () => {
  expect(services.redis.image).toMatch(/^redis:7\.\d+\.\d+-\w+$/);
  const { version } = JSON.parse(file('package.json')) as { version: string };
  for (const name of OURS) expect(services[name].image).toBe(`mixture-law:${version}`);
});

it('publishes nothing but the dashboard, to this machine, and hands out nothing of the machine', () => {
  for (const [name, service] of Object.entries(services)) {
    expect(service.ports, name).toEqual(name === 'dashboard' ? ['127.0.0.1:7430:7430'] : undefined);
    for (const key of ['privileged', 'network_mode', 'pid', 'ipc', 'cap_add', 'devices']) {
      expect(service).not.toHaveProperty(key);
    }
    expect(JSON.stringify(service)).not.toContain('docker.sock');
  }
});

describe('secrets', () => {
  it('are files of a folder that git and the images leave out, and the docs say how to make each', () => {
    for (const secret of Object.values(secrets)) {
      expect(Object.keys(secret)).toEqual(['file']);
      const name = /^\.\/deploy\/secrets\/([\w.]+)$/.exec(secret.file)?.[1];
      expect(file('docs/deployment.md')).toMatch(new RegExp(`> ${name}( |$)`, 'm'));
    }
    expect(file('deploy/secrets/.gitignore').split('\n')).toContain('*');
  });

  it('reach services as files that the service is given', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const secret of service.secrets ?? []) expect(secrets, name).toHaveProperty(secret);
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        const mounted = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1];
        if (variable.endsWith('_FILE')) expect(service.secrets, `${name} ${variable}`).toContain(mounted);
        else expect(variable, name).not.toMatch(/PASSWORD|TOKEN|SECRET|REDIS_URL|WEBHOOK/);
      }
    }
  });

  it('stand nowhere in the text', () => {
    for (const path of ['compose.yaml', 'deploy/redis.conf']) {
      expect(file(path)).not.toMatch(/rediss?:\/\/[^\s"]*:[^\s"]*@|\b[0-9a-f]{32,}\b/);
    }
  });
});

it.each(OURS)('%s runs a file that is there, without rights that it does not need', (name) => {
  const service = services[name];
  expect(service.entrypoint).toBeUndefined();
  expect(service.command[0]).toMatch(/^(pipelines|workers)\/\w+\.ts$/);
  expect(existsSync(`${ROOT}${service.command[0]}`)).toBe(true);
  expect(service).toMatchObject({
    init: true,
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
  });
  const source = file(service.command[0]!);
  for (const flag of service.command.filter((word) => word.startsWith('--'))) {
    expect(source, flag).toContain(`'${flag} <`);
  }
});

it('leaves every service time to end in order', () => {
  const seconds = (service: Service) => Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '')?.[1]);
  for (const name of OURS) expect(seconds(services[name]), name).toBeGreaterThanOrEqual(60);
  expect(seconds(services.redis)).toBeGreaterThanOrEqual(10);
});

it('starts workers when Redis and the coordinator are healthy', () => {
  expect(services.redis.healthcheck?.test.join(' ')).toContain('ping');
  expect(services.worker.depends_on).toEqual({
    redis: { condition: 'service_healthy' },
    coordinator: { condition: 'service_healthy' },
  });
});

it('connects workers to the artifacts that the coordinator serves', () => {
  const { coordinator, worker } = services;
  expect(coordinator.command).toEqual(['pipelines/store.ts', 'serve']);
  const port = coordinator.environment?.ARTIFACTS_LISTEN?.split(':').at(-1);
  expect(worker.environment?.ARTIFACTS_URL).toBe(`http://coordinator:${port}`);
  // The home is the folder in its volume.
  expect(coordinator.environment).not.toHaveProperty('ARTIFACTS_URL');
  expect(coordinator.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/`);
});

it('guards the dashboard with a token of its own', () => {
  const { command, environment, healthcheck, secrets: given } = services.dashboard;
  expect(command).toEqual(['pipelines/dashboard.ts', '--listen', '0.0.0.0:7430']);
  expect(environment?.DASHBOARD_TOKEN_FILE).toBe('/run/secrets/dashboard_token');
  // It serves no artifacts.
  expect(given).toEqual(['redis_url', 'dashboard_token']);
  expect(healthcheck?.test.join(' ')).toContain('http://127.0.0.1:7430/');
  for (const name of ['coordinator', 'worker', 'refit'] as const)
    expect(services[name].secrets).not.toContain('dashboard_token');
});

it('keeps results in named volumes, and gives each worker folders of its own', () => {
  const named = Object.values(services)
    .flatMap((service) => service.volumes ?? [])
    .flatMap((volume) => /^(\w+):/.exec(volume)?.[1] ?? []);
  expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
  expect(services.worker.volumes).toEqual(['/app/data/worker', '/app/data/cache']);
  const writable = ['/app/runs', '/app/data/cache', '/app/data/worker'];
  for (const volume of OURS.flatMap((name) => services[name].volumes ?? [])) {
    expect(writable).toContain(volume.split(':').at(-1));
  }
});

it('keeps Redis on disk', () => {
  expect(services.redis.volumes).toContain('redis:/data');
  expect(file('deploy/redis.conf')).toMatch(/^dir \/data$/m);
});
