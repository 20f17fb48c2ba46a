namespace IntegrationHub.Abstractions.Tests.PublicApi;

/// <summary>What differs between two texts of <see cref="ApiText"/>, each line with the type it belongs to.</summary>
internal sealed record ApiChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Removed)
{
    public bool IsEmpty => Added.Count == 0 && Removed.Count == 0;

    public static ApiChanges Between(string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        return new([.. now.Except(old, StringComparer.Ordinal)], [.. old.Except(now, StringComparer.Ordinal)]);
    }

    /// <summary>What the change means for the version, by SemVer 2.0 (rules 7 and 8), and what to do.</summary>
    public string Explain(string file)
    {
        // A member that an interface demands is one more thing that existing plugins do not have.
        var breaks = Removed.Count > 0 || Added.Any(line => line.StartsWith("public interface", StringComparison.Ordinal) && line.Contains(" > ", StringComparison.Ordinal) && !line.Contains(" > virtual ", StringComparison.Ordinal) && !line.Contains(" > static ", StringComparison.Ordinal) && IsOfKnownInterface(line));
        List<string> text = [$"The public API differs from {file}."];
        if (Removed.Count > 0)
            text.AddRange(["", "Removed or changed (plugins built against it break: raise the MAJOR version):", .. Removed.Select(line => "  - " + line)]);

        if (Added.Count > 0)
            text.AddRange(["", breaks ? "Added:" : "Added (existing plugins keep working: raise the MINOR version):", .. Added.Select(line => "  + " + line)]);

        if (breaks && Removed.Count == 0)
            text.AddRange(["", "A member was added to an interface that plugins may implement: they would not load. Give it a default implementation, or raise the MAJOR version."]);

        text.AddRange(["", "If that is meant: set the <Version> of the project, run the tests with HUB_UPDATE_API=1, and commit the file."]);
        return string.Join('\n', text);
    }

    // A whole new interface breaks nobody.
    private bool IsOfKnownInterface(string line) => !Added.Contains(line[..line.IndexOf(" > ", StringComparison.Ordinal)]);

    private static List<string> Lines(string text)
    {
        List<string> lines = [];
        var type = "";
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.Length == 0)
                continue;

            if (line[0] == ' ')
                lines.Add($"{type} > {line.Trim()}");
            else
                lines.Add(type = line);
        }

        return lines;
    }
}
