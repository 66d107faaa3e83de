// The process's log: JSON lines on standard error, as Go's log/slog writes them. The host adds the plugin's name.
'use strict'

const { format } = require('node:util')

function log(level, message, fields = {}) {
  process.stderr.write(JSON.stringify({ time: new Date().toISOString(), level, msg: message, ...fields }) + '\n')
}

// takeConsole sends what is printed to the log: standard output is for the handshake alone.
function takeConsole() {
  const levels = { debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'DEBUG' }
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...args) => log(level, format(...args))
  }
}

module.exports = { log, takeConsole }
