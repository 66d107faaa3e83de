package preview

import (
	"fmt"
	"testing"
)

// BenchmarkPreview is one preview through a child: zip and workbook of about 10 KB, and a text, which needs none.
func BenchmarkPreview(b *testing.B) {
	var members []member
	for n := range 30 {
		members = append(members, member{name: fmt.Sprintf("modules/%02d/main.tf", n), body: fmt.Sprint(n, chinese)})
	}
	var rows [][]any
	for n := range 100 {
		rows = append(rows, []any{n, "name", "value", 1.5, true})
	}
	for name, content := range map[string][]byte{
		"zip": zipOf(b, members...), "xlsx": xlsx(b, page{"a", rows}, page{"b", rows}), "text": []byte(chinese),
	} {
		b.Run(name, func(b *testing.B) {
			r, file := reader(b, "child-serve"), stored(b, content)
			for b.Loop() {
				if p := r.Preview(b.Context(), file, ""); p.Problem != "" || p.Kind != name {
					b.Fatalf("%+v", p)
				}
			}
		})
	}
}
