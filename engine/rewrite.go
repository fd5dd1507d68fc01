package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/mailscript/mailscript/engine/lualib"
)

// The virtual machine of gopher-lua writes 1.1 * 3 .. "" as 3.3000000000000003 and reads 010 as eight, and offers
// no hook for either. So the tree is changed between the parser and the compiler: constants are normalised, and
// a .. b becomes a call of ours, which also checks the length of the result before it is allocated and can name
// the operand that was nil.

// concatKey is where the call finds our function: (true)[".."], which no assignment and no setfenv can change.
const concatKey = ".."

// maxOperands is how many operands one call takes; each needs a register, of which a function has 200.
const maxOperands = 50

// rewriter changes one chunk.
type rewriter struct{ err *SyntaxError }

func (r *rewriter) block(stmts []ast.Stmt) {
	for _, stmt := range stmts {
		r.statement(stmt)
	}
}

func (r *rewriter) statement(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		r.list(s.Lhs)
		r.list(s.Rhs)
	case *ast.LocalAssignStmt:
		r.list(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expression(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expression(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		s.Condition = r.expression(s.Condition)
		r.block(s.Stmts)
	case *ast.IfStmt:
		s.Condition = r.expression(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = r.expression(s.Init), r.expression(s.Limit), r.expression(s.Step)
		r.block(s.Stmts)
	case *ast.GenericForStmt:
		r.list(s.Exprs)
		r.block(s.Stmts)
	case *ast.FuncDefStmt:
		s.Name.Func, s.Name.Receiver = r.expression(s.Name.Func), r.expression(s.Name.Receiver)
		r.block(s.Func.Stmts)
	case *ast.ReturnStmt:
		r.list(s.Exprs)
	}
}

func (r *rewriter) list(exprs []ast.Expr) {
	for i, e := range exprs {
		exprs[i] = r.expression(e)
	}
}

// expression returns what to put in the place of an expression, nil for nil.
func (r *rewriter) expression(expr ast.Expr) ast.Expr {
	switch e := expr.(type) {
	case *ast.NumberExpr:
		r.number(e)
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expression(e.Object), r.expression(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			f.Key, f.Value = r.expression(f.Key), r.expression(f.Value)
		}
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = r.expression(e.Func), r.expression(e.Receiver)
		r.list(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.FunctionExpr:
		r.block(e.Stmts)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	}
	return expr
}

func (r *rewriter) number(e *ast.NumberExpr) {
	n, ok := lualib.ParseNumber(e.Value)
	if !ok {
		if r.err == nil {
			r.err = &SyntaxError{Line: e.Line(), Text: "malformed number", Near: e.Value}
		}
		return
	}
	e.Value = strconv.FormatFloat(n, 'g', -1, 64)
}

// concat makes a call of a chain of concatenations. They group to the right, which only metamethods can tell.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	var last ast.Expr = e
	for {
		chain, ok := last.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, chain.Lhs)
		last = chain.Rhs
	}
	operands = append(operands, last)
	names := make([]string, len(operands))
	for i, operand := range operands {
		names[i] = operandName(operand)
		operands[i] = r.expression(operand)
	}
	for len(operands) > maxOperands {
		first := concatCall(e, names[:maxOperands], operands[:maxOperands])
		operands = append([]ast.Expr{first}, operands[maxOperands:]...)
		names = append([]string{""}, names[maxOperands:]...)
	}
	return concatCall(e, names, operands)
}

func concatCall(e *ast.StringConcatOpExpr, names []string, operands []ast.Expr) ast.Expr {
	args := append([]ast.Expr{&ast.StringExpr{Value: strings.Join(names, "\n")}}, operands...)
	switch last := args[len(args)-1].(type) { // one value, where a call would pass all of them
	case *ast.FuncCallExpr:
		last.AdjustRet = true
	case *ast.Comma3Expr:
		last.AdjustRet = true
	}
	function := &ast.AttrGetExpr{Object: &ast.TrueExpr{}, Key: &ast.StringExpr{Value: concatKey}}
	call := &ast.FuncCallExpr{Func: function, Args: args, AdjustRet: true}
	for _, node := range []ast.Expr{args[0], function, function.Object, function.Key, call} {
		node.SetLine(e.Line())
		node.SetLastLine(e.LastLine())
	}
	return call
}

// operandName is how a message names an operand.
func operandName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return fmt.Sprintf("variable '%s'", e.Value)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok && !strings.Contains(key.Value, "\n") {
			return fmt.Sprintf("field '%s'", key.Value)
		}
	}
	return ""
}
