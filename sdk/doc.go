// Package sdk is all that the author of a plugin imports: a plugin is a [Plugin] value whose tools are made by
// [NewTool] from a struct of arguments, a struct of results and a function, and whose main function is [Serve].
//
// A tool reports progress and logs through its [Call], hands downloads over as a [File], and answers failures with an
// [Error], whose message a model can act on. Package sdktest runs a plugin in a test. Start reading at [Plugin].
package sdk
