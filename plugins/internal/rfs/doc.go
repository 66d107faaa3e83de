// Package rfs holds what the plugins of Resource Formation Service (RFS) share: the arguments that name a template, the
// walk over pages, and the list of a template's versions.
//
// Start reading at [Template] and [Walk].
package rfs
