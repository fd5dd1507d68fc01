# Reads folders of messages as MIME-tools and MailTools do: the name of a folder on
# each line of standard input, then for each NAME.eml a line NAME, TAB, what it found
# as JSON (mimetest.Want, texts as digests), and an empty line.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Encode ();
use Encode::HanExtra ();
use File::Basename qw(basename);
use JSON::PP;
use Mail::Address;
use MIME::Parser;
use MIME::WordDecoder qw(mime_to_perl_string);

my $json = JSON::PP->new->utf8;

sub field {
    my ($head, $name) = @_;
    my $value = $head->get($name) // '';
    $value =~ s/\r?\n\z//;
    $value =~ s/\r?\n(?=[ \t])//g;
    return $value;
}

sub entity {
    my ($part, $html, $shown) = @_;
    my $head = $part->head;
    my %found = (type => lc $part->mime_type, size => 0);
    if ($part->is_multipart) {
        $found{parts} = [map { entity($_, $html, $shown) } $part->parts];
        return \%found;
    }
    $found{charset} = lc($head->mime_attr('content-type.charset') // '');
    $found{name} = $head->recommended_filename // '';
    $found{disposition} = lc($head->mime_attr('content-disposition') // '');
    my $data = $part->bodyhandle->as_string;
    $found{size} = length $data;
    $found{sha256} = sha256_hex($data);
    if ($found{type} =~ m{^text/}) {
        # Perl's own UTF-8 has all of Unicode; the strict one refuses U+10FFFF.
        my $text = Encode::decode($found{charset} eq 'utf-8' ? 'utf8' : $found{charset}, $data);
        $found{text} = sha256_hex(Encode::encode('utf8', $text));
        push @$html, $text if $found{type} eq 'text/html';
    }
    my $id = field($head, 'Content-ID');
    push @$shown, [$id =~ s/^<|>$//gr, \%found] if $id ne '';
    return \%found;
}

sub mailboxes {
    return [map { { name => mime_to_perl_string($_->phrase =~ s/^"(.*)"$/$1/sr =~ s/\\(.)/$1/gr), address => $_->address } } Mail::Address->parse($_[0])];
}

sub message {
    my ($message) = @_;
    my $head = $message->head;
    my %found = (
        from => mailboxes(field($head, 'From')), to => mailboxes(field($head, 'To')),
        subject => mime_to_perl_string(field($head, 'Subject')), fields => {},
    );
    for my $name ($head->tags) {
        next if $name =~ /^(?:From|To|Subject|Date|Content-.*)$/;
        $found{fields}{$name} = $head->count($name) > 1 ? 'twice' : mime_to_perl_string(field($head, $name));
    }
    my (@html, @shown);
    $found{root} = entity($message, \@html, \@shown);
    my $text = join '', @html;
    $text =~ s/%5B/[/g;
    $text =~ s/%5D/]/g;
    for (@shown) {
        $_->[1]{shown} = index($text, "cid:$_->[0]") >= 0 ? JSON::PP::true : JSON::PP::false;
    }
    return \%found;
}

my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
$parser->extract_nested_messages(0);
while (my $folder = <STDIN>) {
    chomp $folder;
    for my $path (sort glob "'$folder/*.eml'") {
        my $found = eval { message($parser->parse_open($path)) } // { fields => { fault => "$@" } };
        print basename($path, '.eml'), "\t", $json->encode($found), "\n";
    }
    print "\n";
    $| = 1;
}
