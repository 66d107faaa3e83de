// The plugin's side of plugin.v1.ToolPlugin, for the handlers of grpc-js.
'use strict'

const { status } = require('@grpc/grpc-js')
const { Call } = require('./call')
const { log } = require('./log')

// MCP's bound on one answer to completion/complete.
const maxCompletions = 100

class Service {
  #plugin
  #manifest
  #tools
  #running = new Set()
  #draining = false

  constructor(plugin, manifest) {
    this.#plugin = plugin
    this.#manifest = Buffer.from(JSON.stringify(manifest))
    this.#tools = new Map(plugin.tools.map((tool) => [tool.name, tool]))
  }

  handlers() {
    return {
      Describe: (_, reply) => reply(null, { manifest: this.#manifest }),
      Configure: ({ request }, reply) => reply(null, this.configure(request.environment)),
      Call: (stream) => this.call(stream),
      Complete: ({ request }, reply) => this.complete(request).then((found) => reply(null, found), reply),
      Running: (_, reply) => reply(null, { call_ids: [...this.#running].map((call) => call.id) }),
      Drain: (_, reply) => reply(null, this.drain()),
    }
  }

  // configure puts the declared variables where the tools and every library find them.
  configure(environment) {
    for (const { name } of this.#plugin.permissions?.environment ?? []) {
      if (name in environment) process.env[name] = environment[name]
    }
    return {}
  }

  drain() {
    this.#draining = true
    for (const call of this.#running) call.cancel()
    return {}
  }

  // call reads the messages of one call: start, then answers to what the plugin asks.
  call(stream) {
    let call
    stream.on('data', (request) => {
      if (call) return call.answer(request)
      const tool = request.start?.kind === 'KIND_TOOL' && this.#tools.get(request.start.tool)
      if (!request.start) return refuse(stream, status.INVALID_ARGUMENT, 'the first message of a call must be start')
      if (!tool) return refuse(stream, status.NOT_FOUND, `there is no ${JSON.stringify(request.start.tool)}`)
      if (this.#draining) return refuse(stream, status.UNAVAILABLE, 'the plugin is stopping')
      call = new Call(stream, request.start)
      this.run(tool, call, request.start.arguments)
    })
  }

  // run answers one call with its result or its error, and never throws.
  async run(tool, call, args) {
    this.#running.add(call)
    let last
    try {
      if (!tool.hints.readOnly && !tool.hints.idempotent) await call.ask('begun', {})
      const result = await tool.run(JSON.parse(args.toString() || '{}'), call)
      last = { result: Buffer.from(JSON.stringify(result)) }
    } catch (error) {
      last = { error: call.failure(tool.name, error) }
    }
    await call.end(last)
    this.#running.delete(call)
  }

  // complete suggests values: first those that begin with what was typed, then those that hold it.
  async complete({ kind, name, argument, value, arguments: others }) {
    const tool = kind === 'KIND_TOOL' && this.#tools.get(name)
    if (!tool) throw { code: status.NOT_FOUND, details: `there is no ${JSON.stringify(name)}` }
    const suggest = tool.complete?.[argument]
    if (!suggest) return {}
    let all
    try {
      all = await suggest(value, others)
    } catch (error) {
      log('ERROR', 'a completer broke', { tool: name, argument, stack: String(error.stack) })
      throw { code: status.UNAVAILABLE, details: "completing broke; the plugin's log has the details" }
    }
    const typed = value.toLowerCase()
    const rank = (v) => (v.toLowerCase().startsWith(typed) ? 0 : 1)
    const values = [...new Set(all)].filter((v) => v.toLowerCase().includes(typed)).sort((a, b) => rank(a) - rank(b))
    return { values: values.slice(0, maxCompletions), total: values.length, more: values.length > maxCompletions }
  }
}

function refuse(stream, code, details) {
  stream.emit('error', { code, details })
}

module.exports = { Service }
