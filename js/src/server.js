const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const { Control } = require("./control.js");

const START_TIMEOUT_MS = 10_000;
const KEPT_LINES = 200;

/** A running `playhouse mock`; many tests share it. */
class LlmServer {
  #process;
  #lines = [];

  /** Starts it: the binary that is named, else that of PLAYHOUSE_BINARY, else the one on PATH. */
  static async start({ binary, args = [] } = {}) {
    const server = new LlmServer();
    await server.#start(binary ?? process.env.PLAYHOUSE_BINARY ?? "playhouse", args);
    return server;
  }

  async #start(binary, args) {
    // It ends with its standard input, and so with this process, however that ends.
    const words = ["mock", "--listen", "127.0.0.1:0", "--log-format", "json", "--until-stdin-ends", ...args];
    this.#process = spawn(binary, words, { stdio: ["pipe", "pipe", "pipe"] });
    this.url = `http://${await this.#address(binary)}`;
    this.control = new Control(this.url);
    // The double must not keep a finished test run alive.
    this.#process.unref();
    this.#process.stdin.unref?.();
    this.#process.stdout.unref?.();
    this.#process.stderr.unref?.();
  }

  #address(binary) {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${binary} mock did not start: ${why}\n${this.log()}`));
      const timer = setTimeout(() => fail("it did not say where it listens"), START_TIMEOUT_MS);
      this.#process.once("error", (error) =>
        fail(error.code === "ENOENT" ? "no such program; install playhouse or set PLAYHOUSE_BINARY" : error.message));
      this.#process.once("exit", (code) => fail(`it ended with ${code}`));
      for (const stream of [this.#process.stdout, this.#process.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          this.#keep(line);
          const address = addressIn(line);
          if (address) {
            clearTimeout(timer);
            resolve(address);
          }
        });
      }
    });
  }

  #keep(line) {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /** The last lines it has logged. */
  log() {
    return this.#lines.join("\n");
  }

  /** Ends it. */
  async close() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.exitCode !== null || !this.#process.kill("SIGTERM")) return;
    await ended;
  }
}

function addressIn(line) {
  try {
    const fields = JSON.parse(line);
    return fields.message === "Listening" ? fields.address : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { LlmServer };
