package sdk

import (
	"encoding/json"
	"reflect"
)

// encode writes a result as JSON with empty lists and objects where Go has nil: encoding/json writes null there, which
// the output schema forbids.
func encode[Out any](out Out) ([]byte, error) {
	v := reflect.ValueOf(&out).Elem()
	fillNil(v)
	return json.Marshal(out)
}

func fillNil(v reflect.Value) {
	if v.Type() == rawMessage {
		return // nil is null there, which any JSON value may be
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct {
				fillNil(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			fillNil(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem() // what a map holds cannot be changed in place
			value.Set(v.MapIndex(key))
			fillNil(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fillNil(v.Elem())
		}
	}
}
