// The output schema of artifacts, closed like those of the SDK for Go. Start reading at artifacts.
'use strict'

const text = { type: 'string' }
const integer = { type: 'integer' }
const flag = { type: 'boolean' }

function object(properties, required) {
  return { type: 'object', properties, required, additionalProperties: false }
}

function list(items, description) {
  return { type: 'array', items, description }
}

function described(schema, description) {
  return { ...schema, description }
}

const source = object({ operation: text, ids: { type: 'object', additionalProperties: text }, request_id: text }, ['operation'])

const entry = object({ name: text, size: integer, encrypted: flag }, ['name', 'size'])

const sheet = object(
  { name: text, rows: integer, columns: integer, head: list({ type: 'array', items: text }, 'Header and first rows.') },
  ['name', 'rows', 'columns'],
)

const preview = object(
  {
    kind: { type: 'string', enum: ['text', 'zip', 'xlsx', 'binary'] },
    summary: text,
    text,
    entries: list(entry, 'The first files of a zip.'),
    entry_count: integer,
    sheets: list(sheet, 'The first sheets of a workbook.'),
    truncated: described(flag, 'There is more; artifact_read reads it.'),
    problem: described(text, 'What is wrong with the content, or why it is not shown.'),
  },
  ['kind', 'summary'],
)

const artifact = object(
  {
    uri: described({ type: 'string', format: 'uri' }, 'Identifies the stored file, for artifact_read.'),
    name: text,
    media_type: text,
    size: described(integer, 'In bytes.'),
    sha256: text,
    path: described(text, "The file on the host's disk."),
    source: described(source, 'Where it came from.'),
    preview: described(preview, 'What is in it.'),
  },
  ['uri', 'name', 'media_type', 'size', 'sha256', 'path', 'source'],
)

// artifacts is the schema of the field "artifacts" in the result of a tool that stores files: a list of what File.store returned.
const artifacts = list(artifact, 'The stored files.')

module.exports = { artifacts }
