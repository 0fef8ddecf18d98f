/**
 * Makes sure of the two things that npm cannot bring: a Chromium for the journeys and a Vulkan driver for WebGPU in Node.
 * What is installed is used; what is missing is installed where that needs no question (Debian or Ubuntu as root, else
 * Playwright's own Chromium). Says in one line each what it found and did. In CI a missing thing is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backportsSource, isConfigured } from './apt-sources.mjs';
import { findChromium } from './find-chromium.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * Runs a command quietly; true when it ended well, else its last words are shown.
 * @param {string} command @param {readonly string[]} args
 */
function succeeds(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' });
  if (status === 0) return true;
  const words = error ? error.message : `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join('\n  ');
  say(`  failed: ${command} ${args.join(' ')}\n  ${words}`);
  return false;
}

/** ID, VERSION_CODENAME, ... of /etc/os-release. */
function distribution() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const entry = (/** @type {string} */ key) => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { id: entry('ID'), like: entry('ID_LIKE').split(' '), release: entry('VERSION_CODENAME') };
}

const { id, like, release } = distribution();
const isDebianLike = id === 'debian' || like.includes('debian');
const canUseApt = isDebianLike && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/** @param {readonly string[]} packages @param {string} [suite] */
function aptInstall(packages, suite) {
  const from = suite === undefined ? [] : ['-t', suite];
  say(`  apt-get install ${[...from, ...packages].join(' ')}`);
  return (
    succeeds('apt-get', ['update', '-qq']) &&
    succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...from, ...packages])
  );
}

function installChromium() {
  // Ubuntu's package is a stub that wants snap. Without a font, pages are drawn without text.
  if (canUseApt && id === 'debian' && aptInstall(['chromium', 'fonts-liberation'])) return;
  say('  playwright install chromium');
  const withLibraries = canUseApt ? ['--with-deps'] : [];
  succeeds(process.execPath, [
    'node_modules/@playwright/test/cli.js',
    'install',
    ...withLibraries,
    'chromium',
  ]);
}

function ensureChromium() {
  if (!findChromium()) {
    say('Chromium: none found');
    installChromium();
  }
  const found = findChromium();
  if (!found) return false;
  const version =
    spawnSync(found.path, ['--version'], { encoding: 'utf8' }).stdout?.trim() || 'version unknown';
  say(`Chromium: ${found.path} (${found.origin}), ${version}`);
  return true;
}

/** The adapter's description, or undefined. @param {'auto' | 'system'} driver */
function adapter(driver) {
  const { status, stdout } = spawnSync(process.execPath, ['tools/run.mjs', 'tools/node-gpu.ts'], {
    cwd: root,
    env: { ...process.env, FASTKV_ADAPTER: driver },
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

const APT = '/etc/apt';

function aptSources() {
  const folder = join(APT, 'sources.list.d');
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  const paths = [join(APT, 'sources.list'), ...names.map((name) => join(folder, name))];
  return new Map(paths.filter((path) => existsSync(path)).map((path) => [path, readFileSync(path, 'utf8')]));
}

/** Debian 12's own Mesa (22.3) is too old for Dawn; its backports have 25. */
function installFromBackports() {
  const suite = `${release}-backports`;
  const packages = ['libvulkan1', 'mesa-vulkan-drivers'];
  const sources = aptSources();
  if (isConfigured(sources, suite)) return aptInstall(packages, suite);
  const source = backportsSource(sources, release);
  if (!source) {
    say(`  apt has no entry for ${release} to take ${suite} from`);
    return false;
  }
  const path = join(APT, 'sources.list.d', `fastkv-backports${source.extension}`);
  say(`  adding ${path} (delete it to undo)`);
  writeFileSync(path, source.text);
  if (aptInstall(packages, suite)) return true;
  // A source that does not answer would break every later update.
  rmSync(path);
  return false;
}

function ensureAdapter() {
  if (adapter('system') === undefined && canUseApt) {
    say('WebGPU in Node: the system offers no usable driver');
    if (release === 'bookworm') installFromBackports();
    else aptInstall(['libvulkan1', 'mesa-vulkan-drivers']);
  }
  const description = adapter('auto');
  if (description !== undefined) say(`WebGPU in Node: ${description}`);
  return description !== undefined;
}

const missing = [
  ensureChromium() ? undefined : 'no Chromium: the journeys will fail (install one, or set CHROMIUM_PATH)',
  ensureAdapter()
    ? undefined
    : 'no WebGPU adapter in Node: the gpu tests will fail (install a Vulkan driver)',
].filter((line) => line !== undefined);
for (const line of missing) say(`missing: ${line}`);
if (missing.length > 0 && process.env.CI) process.exitCode = 1;
