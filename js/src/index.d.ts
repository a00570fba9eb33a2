/** A condition: a text that the last user message contains, or a script's `when`. */
export type When = string | Record<string, unknown>;

/** For which requests, and for how many; `null` for as many as come. */
export interface Which {
  when?: When;
  times?: number | null;
}

/** One request that the double got, and what became of it. */
export interface Call {
  model: string;
  /** The beginning of what the user said last. */
  user: string;
  request: any;
  messages: { role: string; text: string; [field: string]: unknown }[];
  headers: Record<string, string>;
  /** None while the answer is not begun. */
  status: number | null;
  sent?: { status: number; body: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** The double of one test. */
export class Llm {
  constructor(server: LlmServer, namespace: string);
  readonly namespace: string;
  readonly url: string;
  /** For OpenAI's clients. */
  readonly baseURL: string;
  /** For Anthropic's clients. */
  readonly anthropicBaseURL: string;
  readonly apiKey: string;
  strict: boolean;
  reply(reply: string | Record<string, unknown>, which?: Which): Promise<this>;
  fail(fault: number | string | Record<string, unknown>, which?: Which): Promise<this>;
  rule(rule: Record<string, unknown>): Promise<this>;
  script(script: string | Record<string, unknown>, options?: { folder?: string }): Promise<this>;
  calls(): Promise<Call[]>;
  verify(expectations?: Record<string, unknown>): Promise<void>;
  verifyEnd(): Promise<void>;
  close(): Promise<void>;
}

/** Where the program is, and what else it is started with. */
export interface ServerOptions {
  binary?: string;
  args?: string[];
}

/** A running `playhouse mock`. */
export class LlmServer {
  static start(options?: ServerOptions): Promise<LlmServer>;
  readonly url: string;
  log(): string;
  close(): Promise<void>;
}

/** The hooks of a test runner; `afterAll` is `after` in node:test. */
export interface Hooks {
  beforeEach(hook: () => Promise<void>): unknown;
  afterEach(hook: () => Promise<void>): unknown;
  afterAll?(hook: () => Promise<void>): unknown;
  after?(hook: () => Promise<void>): unknown;
}

/** A double for every test of a file. */
export function useLlm(options?: ServerOptions & { hooks?: Hooks }): Llm;
