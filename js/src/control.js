/** Speaks to `/__playhouse/` of a running double. */
export class Control {
  #url;

  constructor(url) {
    this.#url = `${url}/__playhouse`;
  }

  putScript(namespace, script) {
    const isText = typeof script === "string";
    const type = isText ? "application/yaml" : "application/json";
    return this.#ask("PUT", `${of(namespace)}/script`, isText ? script : JSON.stringify(script), type);
  }

  addRules(namespace, rules) {
    return this.#ask("POST", `${of(namespace)}/rules`, JSON.stringify(rules));
  }

  async calls(namespace) {
    return (await this.#ask("GET", `${of(namespace)}/calls?limit=1000`)).calls;
  }

  verify(namespace, expectations) {
    return this.#ask("POST", `${of(namespace)}/verify`, JSON.stringify(expectations));
  }

  delete(namespace) {
    return this.#ask("DELETE", of(namespace));
  }

  async #ask(method, path, body, type = "application/json") {
    const headers = body === undefined ? {} : { "content-type": type };
    const answer = await fetch(this.#url + path, { method, body, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(detail(answer.status, text));
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
