package pluginfolder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"mcp-server/sdk"
)

// lockParser reads a lock file key by key: encoding/json would take keys in any case and twice, so that what a reader sees is not what holds.
type lockParser struct {
	content []byte
	decoder *json.Decoder
}

var errUnknownKey = errors.New("unknown key")

func decodeLock(content []byte) (*Lock, error) {
	if err := checkSyntax(content); err != nil {
		return nil, err
	}
	p := &lockParser{content: content, decoder: json.NewDecoder(bytes.NewReader(content))}
	l := &Lock{Plugins: map[string]Locked{}}
	version, plugins := 0, false
	err := p.object(func(key string) error {
		switch key {
		case "version":
			if err := p.value(&version); err != nil || version == lockVersion {
				return err
			}
			return p.at(fmt.Errorf("its version is %d, and this host knows %d", version, lockVersion))
		case "plugins":
			plugins = true
			return p.object(func(name string) error { return p.plugin(l.Plugins, name) })
		}
		return errUnknownKey
	})
	if err != nil {
		return nil, err
	}
	if version == 0 || !plugins {
		return nil, errors.New(`"version" and "plugins" are required`)
	}
	return l, nil
}

// checkSyntax comes first because a decoder counts from the start of a value.
func checkSyntax(content []byte) error {
	err := json.Unmarshal(content, new(json.RawMessage))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return atLine(content, syntax.Offset, err)
	}
	return err
}

func (p *lockParser) plugin(into map[string]Locked, name string) error {
	var l Locked
	err := p.object(func(key string) error {
		switch key {
		case "version":
			return p.value(&l.Version)
		case "sha256":
			return p.value(&l.SHA256)
		case "permissions":
			return p.permissions(&l.Permissions)
		case "tools":
			return p.array(func() error { return p.tool(&l.Tools) })
		}
		return errUnknownKey
	})
	if err == nil {
		if err = validLocked(name, l); err != nil {
			err = p.at(err)
		}
	}
	if err != nil {
		return fmt.Errorf("plugin %q: %w", name, err)
	}
	into[name] = l
	return nil
}

func (p *lockParser) permissions(into *sdk.Permissions) error {
	return p.object(func(key string) error {
		switch key {
		case "hosts":
			return p.value(&into.Hosts)
		case "environment":
			return p.array(func() error {
				var v sdk.EnvVar
				err := p.variable(&v)
				into.Environment = append(into.Environment, v)
				return err
			})
		case "folders":
			return p.value(&into.Folders)
		case "memory_mib":
			return p.value(&into.MemoryMiB)
		}
		return errUnknownKey
	})
}

func (p *lockParser) variable(into *sdk.EnvVar) error {
	return p.object(func(key string) error {
		switch key {
		case "name":
			return p.value(&into.Name)
		case "description":
			return p.value(&into.Description)
		case "secret":
			return p.value(&into.Secret)
		}
		return errUnknownKey
	})
}

func (p *lockParser) tool(into *[]LockedTool) error {
	var t LockedTool
	err := p.object(func(key string) error {
		switch key {
		case "name":
			return p.value(&t.Name)
		case "aliases":
			return p.value(&t.Aliases)
		case "description":
			return p.value(&t.Description)
		case "hints":
			return p.hints(&t.Hints)
		case "input_schema":
			return p.value(&t.InputSchema)
		case "output_schema":
			return p.value(&t.OutputSchema)
		}
		return errUnknownKey
	})
	*into = append(*into, t)
	return err
}

func (p *lockParser) hints(into *sdk.Hints) error {
	return p.object(func(key string) error {
		switch key {
		case "read_only":
			return p.value(&into.ReadOnly)
		case "destructive":
			return p.value(&into.Destructive)
		case "idempotent":
			return p.value(&into.Idempotent)
		case "open_world":
			return p.value(&into.OpenWorld)
		}
		return errUnknownKey
	})
}

// object calls member after each key; it must read the value.
func (p *lockParser) object(member func(key string) error) error {
	if err := p.open('{', "an object"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return p.at(err)
		}
		key, ok := token.(string)
		if !ok {
			return p.at(errors.New("want a key"))
		}
		if seen[key] {
			return p.at(fmt.Errorf("%q is there twice", key))
		}
		seen[key] = true
		if err := member(key); errors.Is(err, errUnknownKey) {
			return p.at(fmt.Errorf("key %q is not known", key))
		} else if err != nil {
			return err
		}
	}
	return p.end()
}

// array calls element before each; it must read it.
func (p *lockParser) array(element func() error) error {
	if err := p.open('[', "an array"); err != nil {
		return err
	}
	for p.decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	return p.end()
}

func (p *lockParser) open(want json.Delim, what string) error {
	token, err := p.decoder.Token()
	if err != nil {
		return p.at(err)
	}
	if token != want {
		return p.at(fmt.Errorf("want %s", what))
	}
	return nil
}

func (p *lockParser) end() error {
	if _, err := p.decoder.Token(); err != nil {
		return p.at(err)
	}
	return nil
}

func (p *lockParser) value(into any) error {
	if err := p.decoder.Decode(into); err != nil {
		return p.at(err)
	}
	return nil
}

// at adds the line.
func (p *lockParser) at(err error) error { return atLine(p.content, p.decoder.InputOffset(), err) }

func atLine(content []byte, offset int64, err error) error {
	return fmt.Errorf("line %d: %w", 1+bytes.Count(content[:offset], []byte("\n")), err)
}
