const { randomUUID } = require("node:crypto");

const { Llm } = require("./llm.js");
const { LlmServer } = require("./server.js");

let shared;

/**
 * A double for every test of a file: `const llm = useLlm()` at its top, with the hooks of vitest or
 * jest as globals, or handed in. Sets OPENAI_BASE_URL and OPENAI_API_KEY for each test, and the same of
 * ANTHROPIC. The program ends with the hook `afterAll` (`after` of node:test) where it is handed in, else with the process.
 */
function useLlm({ hooks = globalThis, ...options } = {}) {
  const current = {};
  const before = {};
  hooks.beforeEach(async () => {
    shared ??= LlmServer.start(options);
    const double = new Llm(await shared, `js-${randomUUID()}`);
    current.llm = double;
    setVariables(variablesOf(double), before);
  });
  hooks.afterEach(async () => {
    setVariables(before);
    try {
      await current.llm.verifyEnd();
    } finally {
      await current.llm.close();
    }
  });
  (hooks.afterAll ?? hooks.after)?.(closeShared);
  return new Proxy({}, { get: (_, name) => bound(current.llm, name), set: (_, name, value) => Reflect.set(current.llm, name, value) });
}

function variablesOf({ baseURL, anthropicBaseURL, apiKey }) {
  return {
    OPENAI_BASE_URL: baseURL,
    OPENAI_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: anthropicBaseURL,
    ANTHROPIC_API_KEY: apiKey,
    // It would be sent beside the key, and is a credential of the real vendor.
    ANTHROPIC_AUTH_TOKEN: undefined,
  };
}

async function closeShared() {
  const server = shared;
  shared = undefined;
  await (await server)?.close();
}

function bound(double, name) {
  if (!double) throw new Error("the double is there while a test runs: use it within one");
  const value = double[name];
  return typeof value === "function" ? value.bind(double) : value;
}

function setVariables(values, before) {
  for (const [name, value] of Object.entries(values)) {
    if (before) before[name] = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

module.exports = { Llm, LlmServer, useLlm };
