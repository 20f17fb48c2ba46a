using System.Text;
using System.Text.Json;
using IntegrationHub.Schemas;
using YamlDotNet.Core;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Which language a description is written in.</summary>
internal enum DescriptionDialect
{
    None,
    Swagger2,
    OpenApi30,
    OpenApi31,
}

/// <summary>A place in a description: the file, a pointer into it, and what stands there.</summary>
internal readonly record struct Spot(DescriptionFile File, string Pointer, JsonElement Element)
{
    /// <summary>File and pointer, for people.</summary>
    public string Place => $"{File.Name}#{Pointer}";

    public bool IsObject => Element.ValueKind == JsonValueKind.Object;

    /// <summary>A member's place.</summary>
    public bool TryGet(string name, out Spot member)
    {
        if (IsObject && Element.TryGetProperty(name, out var value))
        {
            member = new Spot(File, PointerText.Append(Pointer, name), value);
            return true;
        }

        member = default;
        return false;
    }

    public Spot? Get(string name) => TryGet(name, out var member) ? member : null;

    /// <summary>A member's text; <see langword="null"/> when there is none.</summary>
    public string? Text(string name) => IsObject && Element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Whether a member is <c>true</c>.</summary>
    public bool IsTrue(string name) => IsObject && Element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    public IEnumerable<(string Name, Spot Spot)> Members()
    {
        if (!IsObject)
            yield break;

        foreach (var member in Element.EnumerateObject())
            yield return (member.Name, new Spot(File, PointerText.Append(Pointer, member.Name), member.Value));
    }

    public IEnumerable<Spot> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            yield break;

        foreach (var (index, item) in Element.EnumerateArray().Index())
            yield return new Spot(File, PointerText.Append(Pointer, index), item);
    }
}

/// <summary>One file of a description, parsed once and kept as it is written: whatever is not understood is still there to be named. Immutable.</summary>
internal sealed class DescriptionFile
{
    private DescriptionFile(string path, JsonElement root)
    {
        Path = path;
        Name = System.IO.Path.GetFileName(path);
        Root = new Spot(this, "", root);
        Dialect = Root.Text("swagger")?.StartsWith("2.", StringComparison.Ordinal) == true ? DescriptionDialect.Swagger2
            : Root.Text("openapi") is not { } version ? DescriptionDialect.None
            : version.StartsWith("3.0", StringComparison.Ordinal) ? DescriptionDialect.OpenApi30
            : version.StartsWith("3.", StringComparison.Ordinal) ? DescriptionDialect.OpenApi31
            : DescriptionDialect.None;
    }

    public string Path { get; }

    public string Name { get; }

    public Spot Root { get; }

    public DescriptionDialect Dialect { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">It is neither JSON nor YAML; the message says where it goes wrong.</exception>
    public static async Task<DescriptionFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        try
        {
            return new DescriptionFile(path, Parse(Json(path, bytes)));
        }
        catch (YamlException fault)
        {
            throw new FormatException($"It is no YAML: {fault.Message}", fault);
        }
        catch (JsonException fault)
        {
            throw new FormatException($"It is no JSON: {fault.Message}", fault);
        }
    }

    private static ReadOnlyMemory<byte> Json(string path, byte[] bytes)
    {
        ReadOnlyMemory<byte> content = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsMemory(3) : bytes;
        var first = content.Span.TrimStart(" \t\r\n"u8);
        if (System.IO.Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase) || (first.Length > 0 && first[0] == '{'))
            return content;

        using var reader = new StreamReader(new MemoryStream(bytes, writable: false), Encoding.UTF8);
        return YamlText.ToJson(reader);
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> json) =>
        JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }).RootElement;
}

/// <summary>The files of a description, and where references lead. Thread-safe.</summary>
internal sealed class DescriptionFiles(IReadOnlyList<DescriptionFile> files)
{
    private const int LongestChain = 50;

    public IReadOnlyList<DescriptionFile> All => files;

    /// <summary>Follows <c>$ref</c>s to what they mean; <see langword="null"/>, and why, when they lead nowhere.</summary>
    public Spot? Follow(Spot from, out NotUnderstood? problem)
    {
        problem = null;
        var at = from;
        for (var steps = 0; at.Text("$ref") is { } reference; steps++)
        {
            if (steps == LongestChain)
            {
                problem = new NotUnderstood(from.Place, "$ref", "It refers to itself.");
                return null;
            }

            if (Target(at, reference, out var why) is not { } target)
            {
                problem = new NotUnderstood(at.Place, $"$ref {reference}", why!);
                return null;
            }

            at = target;
        }

        return at;
    }

    /// <summary>Where a reference leads, without following what stands there.</summary>
    public Spot? Target(Spot from, string reference, out string? why)
    {
        why = null;
        var (address, fragment) = reference.Split('#', 2) is [var left, var right] ? (left, right) : (reference, "");
        var file = from.File;
        if (address.Length > 0)
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var absolute) && !absolute.IsFile)
            {
                why = "It leads to another machine, where nothing is fetched from. Put the file beside this one and name it relatively, or bundle the description.";
                return null;
            }

            var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(from.File.Path))!, Uri.UnescapeDataString(address)));
            file = files.FirstOrDefault(candidate => Path.GetFullPath(candidate.Path) == path);
            if (file is null)
            {
                why = $"It leads to the file {address}, which was not given. Put it beside this one, or bundle the description.";
                return null;
            }
        }

        if (!PointerText.TryParse(Uri.UnescapeDataString(fragment), out var tokens))
        {
            why = "Only JSON pointers are followed, no anchors.";
            return null;
        }

        if (!PointerText.TryFind(file.Root.Element, tokens, out var found))
        {
            why = "There is nothing there.";
            return null;
        }

        return new Spot(file, tokens.Aggregate("", PointerText.Append), found);
    }
}
