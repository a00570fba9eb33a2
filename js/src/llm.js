/** The double of one test: it says what is answered, and reads what was asked. */
class Llm {
  #control;
  #isScripted = false;

  constructor(server, namespace) {
    this.namespace = namespace;
    this.url = server.url;
    this.baseURL = `${server.url}/v1`;
    this.anthropicBaseURL = server.url;
    this.apiKey = `sk-test-${namespace}`;
    /** Whether a test fails at its end for misses and for replies that nobody fetched. */
    this.strict = true;
    this.#control = server.control;
  }

  /**
   * Answers one request with this: a text, or whatever a script's `reply` may hold. `times: null`
   * answers as many as come. Replies are given in the order they are said.
   */
  reply(reply, { when, times = 1 } = {}) {
    return this.rule({ reply, when, times });
  }

  /** Meets one request with a fault: a status, a kind, or whatever a script's `fault` may hold. */
  fail(fault, { when, times = 1 } = {}) {
    return this.rule({ fault, when, times });
  }

  /** Adds a rule of a script as it is. */
  async rule({ when, ...rule }) {
    if (when !== undefined) rule.when = typeof when === "string" ? { user: when } : when;
    const said = Object.fromEntries(Object.entries(rule).filter(([, value]) => value != null));
    await this.#control.addRules(this.namespace, [said]);
    this.#isScripted = true;
    return this;
  }

  /** Follows this script (an object, or YAML text) in place of what was said before; `folder` is where its relative fixtures are. */
  async script(script, { folder = process.cwd() } = {}) {
    await this.#control.putScript(this.namespace, script, folder);
    this.#isScripted = true;
    return this;
  }

  /** Every request so far, oldest first. */
  async calls() {
    return this.#control.calls(this.namespace);
  }

  /** Fails with a report unless the calls are as expected. */
  async verify(expectations = {}) {
    const outcome = await this.#control.verify(this.namespace, expectations);
    if (!outcome.ok) throw new Error(outcome.text);
  }

  /** What holds at the end of every test: no request was a miss, and every reply was fetched. */
  async verifyEnd() {
    if (this.strict && this.#isScripted) await this.verify({ script_consumed: true, no_misses: true });
  }

  /** Forgets what was said and asked. */
  async close() {
    await this.#control.delete(this.namespace);
  }
}

module.exports = { Llm };
