/*
 * The one fetch wrapper: JSON in and out, the CSRF token, and every failure as an ApiProblem.
 *
 * Callers never see a Response. A failure always has a sentence to show and a step to take, also when
 * the network is away and no server said so.
 */
export interface FieldError {
  field: string
  code: string
  message: string
}

export interface ProblemBody {
  status: number
  code: string
  title?: string
  detail?: string
  next_step?: string | null
  trace_id?: string | null
  errors?: FieldError[]
  /** Of the answer's Retry-After: how long to wait before it is worth trying again. */
  retry_after_ms?: number | null
}

export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly nextStep: string | null
  readonly traceId: string | null
  readonly fields: FieldError[]
  readonly retryAfterMs: number | null

  constructor(body: ProblemBody) {
    super(body.detail || body.title || `HTTP ${body.status}`)
    this.status = body.status
    this.code = body.code
    this.nextStep = body.next_step ?? null
    this.traceId = body.trace_id ?? null
    this.fields = body.errors ?? []
    this.retryAfterMs = body.retry_after_ms ?? null
  }

  /** The message of one field's error, if that field was wrong. */
  field(name: string): string | undefined {
    const wrong = this.fields.find((error) => error.field === name)
    return wrong && fieldWords(wrong)
  }
}

let words = (error: FieldError): string => error.message

/** What is wrong with a field, in the reader's language: the server says it in English. */
export const fieldWords = (error: FieldError): string => words(error)
export function setFieldWords(of: (error: FieldError) => string): void {
  words = of
}

/** No answer came: the code that the catalogues have a sentence for. */
export const OFFLINE = 'offline'

export type Query = Record<string, string | number | boolean | null | undefined>

export interface CallOptions {
  query?: Query
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

const BASE = '/api/v1'
let csrfToken = ''
let onSignedOut: () => void = () => {}

let unanswered = false

/** Did a call get no answer since this was asked last? What it was to fetch is not shown. */
export function takeUnanswered(): boolean {
  const was = unanswered
  unanswered = false
  return was
}

/** The session's token, sent with every change. */
export function setCsrfToken(token: string): void {
  csrfToken = token
}

export function getCsrfToken(): string {
  return csrfToken
}

/** Called when the server no longer knows us, whatever was asked. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler
}

export function urlOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  }
  const tail = params.toString()
  return BASE + path + (tail ? `?${tail}` : '')
}

/** Makes a problem of any failed answer, also one that is not JSON (a proxy's page). */
export function problemOf(status: number, text: string, retryAfter: string | null = null): ApiProblem {
  try {
    const body = JSON.parse(text) as Partial<ProblemBody>
    const retry_after_ms = retryAfter ? Number(retryAfter) * 1000 || null : null
    if (typeof body.code === 'string') return new ApiProblem({ ...body, status, code: body.code, retry_after_ms })
  } catch {
    /* not ours: fall through to what the status alone says */
  }
  return new ApiProblem({ status, code: status >= 500 ? 'server_error' : `http_${status}` })
}

async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(urlOf(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    unanswered = true
    throw new ApiProblem({ status: 0, code: OFFLINE })
  }
  if (response.status === 401 && path !== '/session') onSignedOut()
  const text = await response.text()
  if (!response.ok) throw problemOf(response.status, text, response.headers.get('Retry-After'))
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown, options: CallOptions = {}) => call<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body: unknown) => call<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, { body }),
  delete: <T = void>(path: string, query?: Query) => call<T>('DELETE', path, { query }),
}
