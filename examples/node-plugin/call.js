// One running call of a tool, as its function sees it.
'use strict'

const { PluginError } = require('./error')
const { File } = require('./file')
const { log } = require('./log')

// The numbers of log/slog.
const levels = { debug: -4, info: 0, warn: 4, error: 8 }

class Call {
  #stream
  #start
  #abort = new AbortController()
  #waiting = new Map() // who waits for the answer of which id
  #lastID = 0
  #files = []

  constructor(stream, start) {
    this.#stream = stream
    this.#start = start
    stream.on('cancelled', () => this.cancel())
  }

  // id identifies the call in the host's log.
  get id() {
    return this.#start.call_id
  }

  // client says what the client behind the call can do: {elicit, sample, roots, tasks}.
  get client() {
    return this.#start.client ?? {}
  }

  // traceParent is the W3C trace context of the call; empty when nobody traces.
  get traceParent() {
    return this.#start.trace_parent
  }

  // signal is aborted when nobody wants the result any more: the call was cancelled, ran past its deadline, or the plugin stops.
  // It belongs into every wait and every request.
  get signal() {
    return this.#abort.signal
  }

  // progress reports how far the call is; done must not fall, and a total of 0 means that it is not known.
  progress(done, total = 0, message = '') {
    this.send({ progress: { done, total, message } })
  }

  // log writes to the host's log, which adds the plugin, the tool and the call. The level is debug, info, warn or error.
  log(level, message, attributes = {}) {
    this.send({ log: { level: levels[level], message, attributes: Buffer.from(JSON.stringify(attributes)) } })
  }

  // createFile starts a file, for a tool with storesFiles.
  async createFile() {
    const file = await File.create(this, this.#start.staging_dir, this.#files.length + 1)
    this.#files.push(file)
    return file
  }

  // elicit puts a form before a person and returns MCP's result, {action, content}. The schema is that of elicitation/create.
  async elicit(message, requestedSchema) {
    const params = Buffer.from(JSON.stringify({ message, requestedSchema }))
    const reply = await this.ask('ask', { questions: [{ key: 'form', method: 'elicitation/create', params }] })
    if (reply.error) throw PluginError.fromWire(reply.error)
    return JSON.parse(reply.answers.form)
  }

  // ask sends an event that the host answers by its id, and waits for the answer.
  ask(kind, event) {
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason)
      const id = ++this.#lastID
      this.#waiting.set(id, { resolve, reject })
      this.send({ [kind]: { ...event, id } })
    })
  }

  // answer takes the host's answer; one that nobody waits for any more is dropped.
  answer(request) {
    const reply = request[request.request]
    this.#waiting.get(reply?.id)?.resolve(reply)
    this.#waiting.delete(reply?.id)
  }

  send(event) {
    if (!this.#stream.cancelled && !this.#stream.writableEnded) this.#stream.write(event)
  }

  cancel() {
    const reason = new PluginError('canceled', 'host', 'the call was cancelled')
    this.#abort.abort(reason)
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }

  // end sends the last event, and then the status.
  async end(event) {
    for (const file of this.#files) await file.close().catch(() => {})
    this.send(event)
    this.#stream.end()
  }

  // failure turns whatever a tool threw into the wire's error. What is no PluginError is a mistake in the plugin: its text goes to
  // the log, for it may hold anything.
  failure(tool, thrown) {
    const error = thrown instanceof PluginError ? thrown : this.signal.aborted ? this.signal.reason : undefined
    if (error) {
      if (error.cause) this.log('debug', 'the tool failed', { tool, code: error.code, cause: String(error.cause) })
      return error.toWire()
    }
    log('ERROR', 'the tool broke', { tool, call: this.id, stack: String(thrown?.stack ?? thrown) })
    const message = `the tool ${tool} broke on this call (its log has the details under call ${this.id}); other calls are not affected`
    return new PluginError('internal', 'plugin', message).toWire()
  }
}

module.exports = { Call }
