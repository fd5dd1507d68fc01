package luaapi

import "reflect"

// shape is how a struct of options is laid out, worked out once for each type:
// a merge reads a description for every row.
type shape struct {
	fields []shapeField
	names  []string // of the fields, in their order
	places map[string]int
}

type shapeField struct {
	name  string
	index []int
	// nested is the shape of a table in a table, nil where the field is none.
	nested reflect.Type
}

// shape is that of a type of options.
func (b *bound) shape(t reflect.Type) *shape {
	s, ok := b.shapes[t]
	if !ok {
		s = shapeOf(t)
		b.shapes[t] = s
	}
	return s
}

func shapeOf(t reflect.Type) *shape {
	s := &shape{places: map[string]int{}}
	for i, field := range optionFields(t) {
		one := shapeField{name: field.Tag.Get("lua"), index: field.Index}
		if isTable(field.Type) {
			one.nested = field.Type
		}
		s.fields = append(s.fields, one)
		s.names = append(s.names, one.name)
		s.places[one.name] = i
	}
	return s
}
