package template

import "context"

type program struct{}

func (p *program) render(ctx context.Context, data any) (string, error) { return "", nil }

func (p *part) compile() error {
	tree, err := p.document.parse(p.kind)
	if err != nil {
		return err
	}
	p.reference = newReference(p, tree)
	if p.kind == htmlPart {
		_, err = p.reference.escaped()
	}
	return err
}
