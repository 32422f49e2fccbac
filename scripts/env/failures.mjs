/** The registry of npm or of pip, by the program's output. @param {string} output */
const registry = (output) =>
  /\bnpm (error|ERR!|warn)/i.test(output) ? "the npm registry" : "the Python package index";

const offline = (/** @type {string} */ output) =>
  `Check the network. Behind a proxy set HTTPS_PROXY; for a mirror set npm's \`registry\` or pip's \`index-url\` setting. ` +
  (registry(output) === "the npm registry"
    ? "Without a network: `npm ci --offline` works when npm's cache has every package."
    : "Without a network: set PIP_NO_INDEX=1 and PIP_FIND_LINKS to a folder of wheels.");

/**
 * What a failed npm, pip or venv means, by marks in its output. The first match counts, so causes come before their
 * consequences.
 * @type {{ mark: RegExp, problem: string | ((output: string) => string), advice: string | ((output: string) => string) }[]}
 */
const CAUSES = [
  {
    mark: /ENOSPC|No space left on device|\[Errno 28\]|not enough space on the disk/i,
    problem: "the disk is full",
    advice:
      "Free some space (the CPU build of torch needs about 2 GB, the CUDA build 8 GB; pip also unpacks in TMPDIR).",
  },
  {
    mark: /ensurepip is not available|No module named (ensurepip|venv)|apt-get? install python3[.\d]*-venv/i,
    problem: "this Python cannot make virtual environments",
    advice: "On Debian and Ubuntu: `sudo apt-get install python3-venv`. Or point LOR2C_PYTHON at another Python.",
  },
  {
    mark: /gyp ERR! find Python|Could not find any Python installation to use/i,
    problem: "a native module must be compiled, and node-gyp finds no Python for that",
    advice: "Install Python 3, or name it with the environment variable npm_config_python.",
  },
  {
    mark: /not found: make|make: not found|make: command not found|g\+\+: not found|c\+\+: not found|cc: not found|`g\+\+' failed|No Xcode or CLT|Could not find any Visual Studio|find VS/i,
    problem:
      "better-sqlite3 has no ready-made build for this Node and must be compiled, but there is no C++ compiler or no make",
    advice:
      "Debian and Ubuntu: `sudo apt-get install build-essential`. macOS: `xcode-select --install`. Windows: the C++ workload of the Visual Studio Build Tools.",
  },
  {
    mark: /gyp ERR! (stack )?.*(headers|ETIMEDOUT|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|unable to)/i,
    problem: "better-sqlite3 must be compiled, and the headers of this Node could not be downloaded",
    advice: "Check the network, or set npm_config_nodedir to a folder that has Node's `include/node`.",
  },
  {
    mark: /gyp ERR!/,
    problem: "better-sqlite3 could not be compiled",
    advice: "The compiler's messages are above. A Node release with a ready-made build (an LTS) avoids compiling.",
  },
  {
    mark: /CERT_|SELF_SIGNED|self[- ]signed certificate|CERTIFICATE_VERIFY_FAILED|unable to (get|verify) (local|the first)|SSLError/i,
    problem: (output) => `the certificate of ${registry(output)} is not trusted here`,
    advice:
      "Behind a proxy that inspects traffic: set NODE_EXTRA_CA_CERTS (npm) and PIP_CERT (pip) to its certificate.",
  },
  {
    mark: /\bE401\b|\bE403\b|401 (Client )?(Error|Unauthorized)|403 (Client )?(Error|Forbidden)|407 Proxy/i,
    problem: (output) => `${registry(output)} refused access`,
    advice: "Log in to it, or check the credentials of the proxy or mirror that npm or pip is set to use.",
  },
  {
    mark: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|network request to|name resolution|getaddrinfo failed|Name or service not known|NewConnectionError|ConnectTimeoutError|Failed to establish a new connection|Connection refused|Cannot connect to proxy|ReadTimeoutError|Read timed out|connection broken/i,
    problem: (output) => `${registry(output)} can't be reached`,
    advice: offline,
  },
  {
    mark: /EINTEGRITY|THESE PACKAGES DO NOT MATCH THE HASHES/i,
    problem: "a downloaded package is not the one that the lock file names",
    advice:
      "Empty the cache (`npm cache clean --force`) and try again; if it stays, the registry serves something else.",
  },
  {
    mark: /ETARGET|\bE404\b|No matching distribution found|Could not find a version that satisfies/i,
    problem: (output) => {
      const name = /No matching distribution found for ([^\s(;]+)|No matching version found for (\S+?)\.?\s/i.exec(
        output,
      );
      return `${registry(output)} does not have ${name?.[1] ?? name?.[2] ?? "a package that the lock file names"}, or not for this platform`;
    },
    advice:
      "A mirror may be incomplete or old; a 32-bit or very new Python has no wheels of torch. `lor2c doctor` shows both.",
  },
  {
    mark: /EACCES|EPERM|Permission denied|\[Errno 13\]/i,
    problem: "a file or folder may not be written",
    advice:
      "Does the checkout (or npm's or pip's cache folder) belong to another user, say after a call with sudo? Give it back with chown.",
  },
];

/** @param {string} output @returns {{ problem?: string, advice?: string }} */
export function explain(output) {
  const cause = CAUSES.find(({ mark }) => mark.test(output));
  if (!cause) return {};
  const text = (/** @type {string | ((output: string) => string)} */ part) =>
    typeof part === "string" ? part : part(output);
  return { problem: text(cause.problem), advice: text(cause.advice) };
}
