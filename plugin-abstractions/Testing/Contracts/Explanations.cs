using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Why one disagreement is the description's fault and not the plugin's.</summary>
/// <param name="Operation">The manifest's operation; <c>*</c> for every one.</param>
/// <param name="Pointer">The violation's pointer; a token <c>*</c> stands for any one token.</param>
/// <param name="Match">A part of the violation's message; <see langword="null"/> when the pointer suffices.</param>
/// <param name="Reason">Why the plugin is right, as a sentence.</param>
/// <param name="Source">Where the vendor says so: an address.</param>
/// <param name="Description">The version (<c>info.version</c>) of the description that it was written against: descriptions catch up, and then it has to go.</param>
internal sealed record Explanation(string Operation, string Pointer, string? Match, string Reason, string Source, string Description)
{
    /// <summary>Where it stands in its file: a JSON pointer.</summary>
    public string Place { get; init; } = "";

    public bool Explains(string operation, ContractViolation violation) =>
        (Operation == "*" || Operation == operation)
        && PointerFits(violation.Pointer)
        && (Match is null || violation.Message.Contains(Match, StringComparison.Ordinal));

    private bool PointerFits(string pointer)
    {
        var (wanted, given) = (Pointer.Split('/'), pointer.Split('/'));
        return wanted.Length == given.Length && wanted.Zip(given).All(pair => pair.First == "*" || pair.First == pair.Second);
    }
}

/// <summary>
/// The author's explanations: <c>contract/explained.json</c>, an array of
/// <c>{ "operation", "pointer", "match"?, "reason", "source", "description" }</c>. One that is not used any more is a fault like a violation that is not explained.
/// Not thread-safe.
/// </summary>
internal sealed class Explanations
{
    public const string FileName = "explained.json";

    private static readonly string[] Known = ["operation", "pointer", "match", "reason", "source", "description"];
    private readonly List<Explanation> all = [];
    private readonly HashSet<Explanation> used = [];

    /// <summary>What is wrong with the file, each with its pointer.</summary>
    public IReadOnlyList<ValidationIssue> Issues { get; private init; } = [];

    public IReadOnlyList<Explanation> All => all;

    /// <summary>Those that explained nothing so far.</summary>
    public IEnumerable<Explanation> Unused => all.Where(explanation => !used.Contains(explanation));

    /// <summary>Reads a file; none is no fault.</summary>
    public static async Task<Explanations> LoadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return new Explanations();

        try
        {
            await using var file = File.OpenRead(path);
            using var document = await JsonDocument.ParseAsync(file, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }, cancellationToken);
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            return new Explanations { Issues = [new ValidationIssue("", $"{FileName} cannot be read: {fault.Message}", null)] };
        }
    }

    /// <summary>Reads the array.</summary>
    public static Explanations Read(JsonElement root)
    {
        var issues = new List<ValidationIssue>();
        var explanations = new Explanations { Issues = issues };
        if (root.ValueKind != JsonValueKind.Array)
        {
            issues.Add(new ValidationIssue("", "Expected an array of explanations.", null));
            return explanations;
        }

        foreach (var (index, item) in root.EnumerateArray().Index())
            if (ReadOne(item, PointerText.Append("", index), issues) is { } explanation)
                explanations.all.Add(explanation);

        return explanations;
    }

    /// <summary>The explanation of a violation, remembered as used.</summary>
    public Explanation? For(string operation, ContractViolation violation)
    {
        // All that fit count as used: which of two is found first must not make the other look stale.
        var fitting = all.FindAll(explanation => explanation.Explains(operation, violation));
        used.UnionWith(fitting);
        return fitting.FirstOrDefault();
    }

    private static Explanation? ReadOne(JsonElement item, string pointer, List<ValidationIssue> issues)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            issues.Add(new ValidationIssue(pointer, "Expected an object.", null));
            return null;
        }

        var before = issues.Count;
        var texts = new Dictionary<string, string>();
        foreach (var member in item.EnumerateObject())
            if (!Known.Contains(member.Name))
                issues.Add(new ValidationIssue(PointerText.Append(pointer, member.Name), $"\"{member.Name}\" is not known here.", Nearest.Hint(member.Name, Known)));
            else if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString()!.Length == 0)
                issues.Add(new ValidationIssue(PointerText.Append(pointer, member.Name), "Expected a text.", null));
            else
                texts[member.Name] = member.Value.GetString()!;

        foreach (var name in Known.Where(name => name != "match" && !item.TryGetProperty(name, out _)))
            issues.Add(new ValidationIssue(PointerText.Append(pointer, name), $"\"{name}\" is required.", HintFor(name)));

        return issues.Count > before
            ? null
            : new Explanation(texts["operation"], texts["pointer"], texts.GetValueOrDefault("match"), texts["reason"], texts["source"], texts["description"]) { Place = pointer };
    }

    private static string? HintFor(string name) => name switch
    {
        "source" => "Name the vendor's page that says so.",
        "description" => "Name the version of the description (info.version) that this is about.",
        _ => null,
    };
}
