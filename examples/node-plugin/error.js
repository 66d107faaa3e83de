// The one error that crosses from a tool to its caller.
'use strict'

// PluginError has a code of gRPC in snake case, a source (argument, cloud, plugin or host: whose failure it is), and a message
// for the model and the user, which says what to do next. options: retryAfterMs, and cause, which goes to the log only.
class PluginError extends Error {
  constructor(code, source, message, { retryAfterMs = 0, cause } = {}) {
    super(message, { cause })
    this.code = code
    this.source = source
    this.retryAfterMs = retryAfterMs
  }

  static fromWire(e) {
    return new PluginError(e.code, e.source, e.message, { retryAfterMs: e.retry_after_ms })
  }

  toWire() {
    return { code: this.code, source: this.source, message: this.message, retry_after_ms: this.retryAfterMs }
  }
}

// invalidArgument says which argument, what is wrong with it, and the way on.
function invalidArgument(argument, problem) {
  return new PluginError('invalid_argument', 'argument', `argument ${JSON.stringify(argument)} ${problem}`)
}

module.exports = { PluginError, invalidArgument }
