using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>What the files of a plugin say about whether this host can load them.</summary>
/// <param name="Errors">Why it cannot be loaded, or would fail when it runs.</param>
/// <param name="Warnings">What does not stop it, and is probably not meant.</param>
internal sealed record CompatibilityReport(IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings);

/// <summary>Collects what the rules find: each thing once, however many assemblies suffer from it.</summary>
internal sealed class CompatibilityFindings
{
    public const string AssemblyPointer = "/entry/assembly";
    public const string TypePointer = "/entry/type";

    private readonly List<ValidationIssue> errors = [];
    private readonly List<ValidationIssue> warnings = [];
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public int ErrorCount => errors.Count;

    public void Error(string pointer, string message, string hint) => Add(errors, new(pointer, message, hint));

    public void Error(ValidationIssue issue) => Add(errors, issue);

    public void Warning(string pointer, string message, string hint) => Add(warnings, new(pointer, message, hint));

    public CompatibilityReport ToReport() => new([.. errors], [.. warnings]);

    private void Add(List<ValidationIssue> target, ValidationIssue issue)
    {
        if (seen.Add(issue.Message))
            target.Add(issue);
    }
}
