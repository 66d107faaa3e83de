// Package audit keeps a log of calls as JSON lines: who called what with which arguments, how it ended, and which files
// came of it. Secrets are redacted, a line is at most 16 KiB and stays one line whatever callers write.
//
// A call that changes something has two lines, each on the disk before what follows it: one before the call runs, so that
// nothing runs that could not be written down, and one before its answer is sent. A call that only reads has one line,
// which the system writes to the disk when it likes.
//
// Start reading at [Open], then [Log.Begin] and [Entry].
package audit
