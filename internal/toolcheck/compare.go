package toolcheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxSteps bounds how many schemas and properties one [Diff] compares.
const maxSteps = 50_000

// comparison is one of a tool's schemas in both versions. An input must go on taking what it took; an output must go on
// holding what it held.
type comparison struct {
	*differ
	side     side
	old, now map[string]any // the roots, for references
	// sameDefinitions says that a reference leads to the same in both.
	sameDefinitions bool
	// seen are the pairs of schemas that were compared, so that one which many places refer to is judged once.
	seen map[[2]uintptr]bool
}

func (d *differ) schemas(s side, before, after json.RawMessage) {
	var old, now map[string]any
	oldErr, nowErr := json.Unmarshal(before, &old), json.Unmarshal(after, &now)
	if len(before) == 0 && len(after) == 0 {
		return
	}
	if oldErr != nil || nowErr != nil || old == nil || now == nil {
		if string(before) != string(after) {
			d.breaking("its %s schema changed, and one of the two is not a JSON object", s)
		}
		return
	}
	if !reflect.DeepEqual(old, now) {
		same := reflect.DeepEqual(old["$defs"], now["$defs"]) && reflect.DeepEqual(old["definitions"], now["definitions"])
		comparison{d, s, old, now, same, map[[2]uintptr]bool{}}.node(old, now, "", 0)
	}
}

// say names a place: "argument filter.name", or the whole of the arguments.
func (c comparison) say(where string) string {
	word := map[side]string{input: "argument", output: "result field"}[c.side]
	if where == "" {
		return map[side]string{input: "the arguments", output: "the result"}[c.side]
	}
	return fmt.Sprintf("%s %q", word, clip(where))
}

// judge reports a change that narrows what a schema takes, or widens it.
func (c comparison) judge(breaking bool, format string, arguments ...any) {
	c.add(Changed, breaking, format, arguments...)
}

// node compares two schemas of one place.
func (c comparison) node(oldSchema, nowSchema any, where string, depth int) {
	if c.steps--; c.steps < 0 || depth > maxDepth {
		c.tooMuch(where)
		return
	}
	if c.known(oldSchema, nowSchema) {
		return
	}
	old, oldKnown := resolve(c.old, oldSchema)
	now, nowKnown := resolve(c.now, nowSchema)
	if !oldKnown || !nowKnown {
		if !reflect.DeepEqual(oldSchema, nowSchema) || !c.sameDefinitions {
			c.breaking("%s: its schema changed in a way that cannot be judged", c.say(where))
		}
		return
	}
	c.types(old, now, where)
	c.enum(old, now, where)
	c.bounds(old, now, where)
	c.exact(old, now, where)
	c.opaque(old, now, where)
	c.properties(old, now, where, depth)
	c.rest(old, now, where, depth)
	if old["items"] != nil || now["items"] != nil {
		c.node(orAnything(old["items"]), orAnything(now["items"]), where+"[]", depth+1)
	}
	if old["description"] != now["description"] || old["title"] != now["title"] {
		c.compatible("%s is described otherwise", c.say(where))
	}
}

// tooMuch says once that not all was compared.
func (c comparison) tooMuch(where string) {
	if !c.cut {
		c.breaking("%s: there is too much of the schema to compare", c.say(where))
	}
	c.cut = true
}

// known says whether a pair of schemas was compared already, and notes it.
func (c comparison) known(oldSchema, nowSchema any) bool {
	old, oldIsObject := oldSchema.(map[string]any)
	now, nowIsObject := nowSchema.(map[string]any)
	if !oldIsObject || !nowIsObject {
		return false
	}
	pair := [2]uintptr{reflect.ValueOf(old).Pointer(), reflect.ValueOf(now).Pointer()}
	known := c.seen[pair]
	c.seen[pair] = true
	return known
}

// orAnything is the schema that stands for an absent one.
func orAnything(schema any) any {
	if schema == nil {
		return map[string]any{}
	}
	return schema
}

// resolve returns the schema as an object, with its references into its root followed and what stands beside them added. It
// does not know false, nor references that it cannot follow.
func resolve(root map[string]any, schema any) (map[string]any, bool) {
	merged := map[string]any{}
	for range maxDepth {
		if schema == true {
			return merged, true
		}
		object, isObject := schema.(map[string]any)
		if !isObject {
			return nil, false
		}
		for key, value := range object {
			if _, nearer := merged[key]; !nearer && key != "$ref" {
				merged[key] = value
			}
		}
		to, refers := object["$ref"].(string)
		if !refers {
			return merged, true
		}
		if schema = lookUp(root, to); schema == nil {
			return nil, false
		}
	}
	return nil, false
}

// lookUp follows a JSON pointer such as #/$defs/address; nil when it leads nowhere.
func lookUp(root map[string]any, reference string) any {
	pointer, local := strings.CutPrefix(reference, "#/")
	if reference == "#" {
		return root
	}
	if !local {
		return nil
	}
	var at any = root
	for _, part := range strings.Split(pointer, "/") {
		object, _ := at.(map[string]any)
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return at
}

// properties compares the fields of an object.
func (c comparison) properties(old, now map[string]any, where string, depth int) {
	before, _ := old["properties"].(map[string]any)
	after, _ := now["properties"].(map[string]any)
	wasRequired, isRequired := texts(old["required"]), texts(now["required"])
	c.steps -= len(before) + len(after)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		place := c.say(join(where, name))
		if _, kept := after[name]; !kept {
			c.judge(true, "%s is gone", place)
			continue
		}
		was, is := slices.Contains(wasRequired, name), slices.Contains(isRequired, name)
		switch {
		case is && !was:
			c.judge(c.side == input, "%s is now required", place)
		case was && !is && c.side == output:
			c.judge(true, "%s may now be absent", place)
		case was && !is:
			c.judge(false, "%s is no longer required", place)
		}
		c.node(before[name], after[name], join(where, name), depth+1)
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, known := before[name]; !known {
			needed := c.side == input && slices.Contains(isRequired, name)
			c.judge(needed, "%s is new%s", c.say(join(where, name)), map[bool]string{true: " and required"}[needed])
		}
	}
	for _, name := range isRequired { // of an object without this property: in a schema that others complete
		if before[name] == nil && after[name] == nil && !slices.Contains(wasRequired, name) {
			c.judge(c.side == input, "%s is now required", c.say(join(where, name)))
		}
	}
}

// rest compares what an object takes beside its properties.
func (c comparison) rest(old, now map[string]any, where string, depth int) {
	before, after := old["additionalProperties"], now["additionalProperties"]
	_, oldIsSchema := before.(map[string]any)
	_, nowIsSchema := after.(map[string]any)
	switch {
	case oldIsSchema && nowIsSchema:
		c.node(before, after, join(where, "*"), depth+1)
	case reflect.DeepEqual(before, after) || before == true && after == nil || before == nil && after == true:
	case c.side == output && before != false && !oldIsSchema:
		c.judge(false, "%s holds only what its schema names", c.say(where))
	case before == false:
		c.judge(false, "%s may hold more than its schema names", c.say(where))
	default:
		c.judge(true, "%s: what it may hold beside its named properties was narrowed", c.say(where))
	}
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

func texts(list any) []string {
	var all []string
	values, _ := list.([]any)
	for _, value := range values {
		if text, isText := value.(string); isText {
			all = append(all, text)
		}
	}
	return all
}
