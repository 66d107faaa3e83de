#!/usr/bin/env -S node --preserve-symlinks-main
// A plugin of mcp-server in Node: statistics of a text, a CSV file as an artifact, and tickets that are drawn one by one.
//
// The flag in the first line makes Node read the file that the host has opened and checked, /proc/self/fd/N, and not whatever has its
// name by now.
'use strict'

const { setTimeout: pause } = require('node:timers/promises')
const { serve, PluginError, invalidArgument, artifacts } = require('./plugin')

const languages = ['de', 'en', 'es', 'fr', 'ja', 'ko', 'ru', 'th', 'zh']

const statistics = {
  name: 'text_statistics',
  title: 'Statistics of a text',
  description: 'Counts the characters, words, sentences and lines of a text by the rules of its language, and names the longest word.',
  hints: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: {
    type: 'object',
    properties: {
      text: { type: 'string', maxLength: 1000000, description: 'The text to count in.' },
      language: { type: 'string', description: 'The language of the text as in BCP 47, such as en or zh-Hans; en when absent.' },
    },
    required: ['text'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: {
      characters: { type: 'integer', description: 'What a reader sees as one character counts once.' },
      words: { type: 'integer', description: 'Without spaces and punctuation.' },
      sentences: { type: 'integer', description: 'By the rules of the language.' },
      lines: { type: 'integer', description: 'A newline at the end begins no other line.' },
      longest_word: { type: 'string', description: 'The first of them; empty in a text without words.' },
    },
    required: ['characters', 'words', 'sentences', 'lines', 'longest_word'],
    additionalProperties: false,
  },
  complete: { language: () => languages },
  async run({ text, language = 'en' }) {
    const split = (granularity) => [...segmenter(language, granularity).segment(text)]
    const words = split('word').filter((s) => s.isWordLike).map((s) => s.segment)
    return {
      characters: split('grapheme').length,
      words: words.length,
      sentences: split('sentence').length,
      lines: text === '' ? 0 : text.replace(/\n$/, '').split('\n').length,
      longest_word: words.reduce((longest, word) => (word.length > longest.length ? word : longest), ''),
    }
  },
}

function segmenter(language, granularity) {
  try {
    return new Intl.Segmenter(language, { granularity })
  } catch (cause) {
    throw invalidArgument('language', `is ${JSON.stringify(language)}, which is no language tag; use one such as en or zh-Hans`)
  }
}

const writeCSV = {
  name: 'table_write_csv',
  title: 'Write a CSV file',
  description: 'Writes a table into a CSV file, which is stored as an artifact; use it when a table must be opened in a spreadsheet.',
  hints: { readOnly: false, destructive: false, idempotent: true, openWorld: false },
  storesFiles: true,
  input: {
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^[^/]{1,100}$', description: 'The name of the file without .csv, such as sales.' },
      columns: { type: 'array', items: { type: 'string' }, minItems: 1, description: 'The titles of the columns.' },
      rows: {
        type: 'array',
        items: { type: 'array', items: { type: 'string' } },
        description: 'The rows, each with as many texts as there are columns.',
      },
    },
    required: ['name', 'columns', 'rows'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: { rows: { type: 'integer', description: 'How many rows were written.' }, artifacts },
    required: ['rows', 'artifacts'],
    additionalProperties: false,
  },
  async run({ name, columns, rows }, call) {
    const wrong = rows.findIndex((row) => row.length !== columns.length)
    if (wrong >= 0) {
      throw invalidArgument('rows', `has ${rows[wrong].length} texts in row ${wrong + 1}; give each row ${columns.length}, one for each column`)
    }
    const separator = process.env.CSV_SEPARATOR || ','
    const file = await call.createFile()
    await file.write(line(columns, separator))
    for (const [done, row] of rows.entries()) {
      call.signal.throwIfAborted()
      await file.write(line(row, separator))
      if (done % 1000 === 999) call.progress(done + 1, rows.length, 'rows written')
    }
    const source = { operation: 'table_write_csv' }
    const artifact = await file.store({ name: `${name}.csv`, mediaType: 'text/csv', source })
    call.log('info', 'a table was written', { rows: rows.length, bytes: artifact.size })
    return { rows: rows.length, artifacts: [artifact] }
  },
}

// line writes one row as RFC 4180 has it.
function line(cells, separator) {
  const quoted = cells.map((cell) => (/["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell))
  return quoted.join(separator) + '\r\n'
}

let drawn = 0 // a real one would ask a service; these begin anew with the process

const drawTickets = {
  name: 'ticket_draw',
  title: 'Draw tickets',
  description: 'Draws tickets with consecutive numbers one by one, slowly; nobody gets a number twice, so a repeated call draws others.',
  hints: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
  timeoutSeconds: 600,
  input: {
    type: 'object',
    properties: {
      count: { type: 'integer', minimum: 1, maximum: 100, description: 'How many tickets to draw.' },
      pause_ms: { type: 'integer', minimum: 0, maximum: 60000, description: 'How long each takes, in milliseconds; 200 when absent.' },
    },
    required: ['count'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: { tickets: { type: 'array', items: { type: 'integer' }, description: 'The numbers, the first one first.' } },
    required: ['tickets'],
    additionalProperties: false,
  },
  async run({ count, pause_ms = 200 }, call) {
    if (drawn + count > 1000) {
      throw new PluginError('resource_exhausted', 'plugin', `only ${1000 - drawn} tickets are left; draw fewer`)
    }
    const tickets = []
    while (tickets.length < count) {
      await pause(pause_ms, undefined, { signal: call.signal })
      tickets.push(++drawn)
      call.progress(tickets.length, count, `ticket ${drawn}`)
    }
    return { tickets }
  },
}

serve({
  name: 'node-plugin',
  version: '1.0.0',
  description: 'Counts in texts, writes CSV files and draws tickets; an example in Node.',
  permissions: {
    environment: [{ name: 'CSV_SEPARATOR', description: 'What stands between the cells of a CSV file; a comma when absent.' }],
  },
  tools: [statistics, writeCSV, drawTickets],
})
