using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

/// <summary>Where a command reads from and writes to: results on standard output, everything else on standard error.</summary>
internal sealed class Terminal
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required TextReader In { get; init; }

    /// <summary>Environment variables, by name; an empty one is none.</summary>
    public required Func<string, string?> Variable { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal. What goes into a file or a pipe is never broken: programs read it line by line.</summary>
    public int Width { get; init; } = 80;

    /// <summary>Whether the result is one JSON document on standard output.</summary>
    public bool Json { get; set; }

    public static Terminal OfProcess()
    {
        // Names and texts of plugins are in every script; the console of Windows would show question marks.
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = Encoding.UTF8;

        return new Terminal
        {
            Out = Console.Out,
            Error = Console.Error,
            In = Console.In,
            Variable = name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Width = Columns(),
        };
    }

    public void WriteJson(JsonNode document) => Out.WriteLine(document.ToJsonString(Indented));

    /// <summary>A line for people, on standard output; nothing when the result is JSON.</summary>
    public void Say(string text = "")
    {
        if (!Json)
            Out.WriteLine(OutIsTerminal ? LineFold.Fold(text, Width) : text);
    }

    /// <summary>What went wrong, on standard error.</summary>
    public void Complain(string text) => Error.WriteLine(ErrorIsTerminal ? LineFold.Fold(text, Width) : text);

    /// <summary>What happens meanwhile, on standard error.</summary>
    public void Note(string text) => Error.WriteLine(Paint(ErrorIsTerminal ? LineFold.Fold(text, Width) : text, Colour.Dim, ErrorIsTerminal));

    public string Red(string text) => Paint(text, Colour.Red, OutIsTerminal);

    public string Yellow(string text) => Paint(text, Colour.Yellow, OutIsTerminal);

    public string Green(string text) => Paint(text, Colour.Green, OutIsTerminal);

    public string Bold(string text) => Paint(text, Colour.Bold, OutIsTerminal);

    /// <summary>For the word "error" before a message on standard error.</summary>
    public string RedError(string text) => Paint(text, Colour.Red, ErrorIsTerminal);

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : 80;
        }
        catch (Exception fault) when (fault is IOException or PlatformNotSupportedException)
        {
            return 80;
        }
    }

    // https://no-color.org: any value but an empty one.
    private string Paint(string text, Colour colour, bool isTerminal) =>
        isTerminal && Variable("NO_COLOR") is null && Variable("TERM") != "dumb" ? $"\u001b[{(int)colour}m{text}\u001b[0m" : text;

    private enum Colour
    {
        Bold = 1,
        Dim = 2,
        Red = 31,
        Green = 32,
        Yellow = 33,
    }
}
