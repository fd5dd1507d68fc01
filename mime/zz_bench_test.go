package mime
import ("testing";"strings";"io";"bytes";"encoding/base64")
func BenchmarkTextHTML(b *testing.B){ d:=simple(); d.Text=strings.Repeat("Hello Ann, this is a line of text for you.\n",45); d.HTML=strings.Repeat("<p>Hello Ann, <b>this</b> is = a line für you.</p>\n",40); b.ReportAllocs(); for b.Loop(){ m,_:=Build(d,Environment{}); m.WriteTo(io.Discard)}}
func BenchmarkShared(b *testing.B){ p,_:=Bytes(bytes.Repeat([]byte("\x00\x01abc"),100000),PartOptions{Name:"x.pdf"}); d:=simple(); d.Attach=[]*Part{p}; b.ReportAllocs(); for b.Loop(){ m,_:=Build(d,Environment{}); m.WriteTo(io.Discard)}}
func BenchmarkB64(b *testing.B){ x:=make([]byte,500000); b.SetBytes(500000); for b.Loop(){ encodeBase64(x)}}
func BenchmarkB64Std(b *testing.B){ x:=make([]byte,500000); d:=make([]byte,700000); b.SetBytes(500000); for b.Loop(){ base64.StdEncoding.Encode(d,x)}}
func BenchmarkQP(b *testing.B){ x:=canonicalText(strings.Repeat("<p>Hello Ann, <b>this</b> is = a line für you.</p>\n",1000)); b.SetBytes(int64(len(x))); for b.Loop(){ encodeQP(x,1<<30)}}
func Benchmark7(b *testing.B){ x:=canonicalText(strings.Repeat("Hello Ann, this is a line of text for you.\n",1000)); b.SetBytes(int64(len(x))); for b.Loop(){ isPlain7Bit(x)}}
