// Package group gives a plugin's process a group of its own and ends it with all that it started. A process is started with
// [Attributes]; whoever waits for it calls [AwaitEnd], [Kill] and then Wait of its command, in this order, so that the
// group's id has not become another's meanwhile. Start reading at [AwaitEnd].
package group
