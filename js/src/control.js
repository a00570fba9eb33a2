/** Speaks to `/__playhouse/` of a running double. */
class Control {
  #url;

  constructor(url) {
    this.#url = `${url}/__playhouse`;
  }

  putScript(namespace, script, folder) {
    const isText = typeof script === "string";
    const type = isText ? "application/yaml" : "application/json";
    const within = folder ? `?folder=${encodeURIComponent(folder)}` : "";
    return this.#ask("PUT", `${of(namespace)}/script${within}`, isText ? script : JSON.stringify(script), type);
  }

  addRules(namespace, rules) {
    return this.#ask("POST", `${of(namespace)}/rules`, JSON.stringify(rules));
  }

  async calls(namespace) {
    const calls = [];
    for (let since = 0; ; ) {
      const page = await this.#ask("GET", `${of(namespace)}/calls?since=${since}`);
      if (page.calls.length === 0) return calls;
      calls.push(...page.calls);
      since = page.next;
    }
  }

  verify(namespace, expectations) {
    return this.#ask("POST", `${of(namespace)}/verify`, JSON.stringify(expectations));
  }

  /** Forgets a namespace, if there is one: a test that asked nothing has made none. */
  async delete(namespace) {
    try {
      await this.#ask("DELETE", of(namespace));
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal;
    }
  }

  async #ask(method, path, body, type = "application/json") {
    const headers = body === undefined ? {} : { "content-type": type };
    const answer = await fetch(this.#url + path, { method, body, headers });
    const text = await answer.text();
    if (!answer.ok) throw Object.assign(new Error(detail(answer.status, text)), { status: answer.status });
    return text ? JSON.parse(text) : undefined;
  }
}

const of = (namespace) => `/namespaces/${encodeURIComponent(namespace)}`;

function detail(status, text) {
  try {
    const problem = JSON.parse(text);
    const more = (problem.problems ?? []).map((item) => item.text ?? "");
    return [problem.detail ?? problem.title ?? text, ...more].join("\n");
  } catch {
    return `${status}: ${text}`;
  }
}

module.exports = { Control };
