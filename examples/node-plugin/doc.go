// Package nodeplugin has no code in Go: it is a plugin in Node, and its tests run what `npm run build` makes of it through the real supervisor
// and the real server. Start reading at main.js, and of the tests at TestMain.
package nodeplugin
