using System.Text.Json;
using IntegrationHub.Loading;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Plugins;

/// <summary>One line of the operator's list.</summary>
/// <param name="Pointer">Where it stands in the file.</param>
/// <param name="Path">A folder or a pattern, relative to the file.</param>
/// <param name="Enabled">Whether the operator wants it loaded.</param>
/// <param name="Sha256">The digest it must have, 64 digits in lower case; <see langword="null"/> when it is not pinned.</param>
internal sealed record PluginListEntry(string Pointer, string Path, bool Enabled, string? Sha256 = null)
{
    public bool IsPattern => Path.AsSpan().IndexOfAny('*', '?') >= 0;
}

/// <summary>The operator's <c>plugins.json</c>. What cannot be understood is listed and left out; it never stops the host.</summary>
internal sealed record PluginList(string File, IReadOnlyList<PluginListEntry> Entries, IReadOnlyList<ValidationIssue> Errors, IReadOnlyList<ValidationIssue> Warnings)
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public string Folder => System.IO.Path.GetDirectoryName(File)!;

    /// <summary>Finds the file: the configured one, else in the working folder, else beside the program.</summary>
    public static string Locate(string? configured)
    {
        if (configured is not null)
            return System.IO.Path.GetFullPath(configured);

        var inWorkingFolder = System.IO.Path.GetFullPath("plugins.json");
        var besideProgram = System.IO.Path.Combine(AppContext.BaseDirectory, "plugins.json");
        return !System.IO.File.Exists(inWorkingFolder) && System.IO.File.Exists(besideProgram) ? besideProgram : inWorkingFolder;
    }

    public static async Task<PluginList> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return Parse(file, await Task.Run(() => SharedFile.ReadAllBytes(file), cancellationToken));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return new PluginList(file, [], [], [new("", $"There is no plugin list at '{file}', so no plugin is loaded.", "Create it with { \"plugins\": [\"plugins/*\"] }, or name another in Hub:PluginsFile.")]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new PluginList(file, [], [new("", $"The plugin list '{file}' cannot be read: {fault.Message}", "Give the hub's user the right to read it.")], []);
        }
    }

    internal static PluginList Parse(string file, ReadOnlyMemory<byte> utf8Json)
    {
        // A byte order mark is common in files edited on Windows.
        if (utf8Json.Span.StartsWith("\uFEFF"u8))
            utf8Json = utf8Json[3..];

        List<PluginListEntry> entries = [];
        List<ValidationIssue> errors = [];
        try
        {
            using var document = JsonDocument.Parse(utf8Json, Lenient);
            ReadRoot(document.RootElement, entries, errors);
        }
        catch (JsonException fault)
        {
            errors.Add(new("", $"The plugin list is not valid JSON: line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}.", "Correct the file; until then no plugin is loaded."));
        }

        catch (InvalidOperationException)
        {
            // A text that JSON allows and Unicode does not, such as half of a surrogate pair. What was read before it does not count: the list is taken as a whole.
            entries.Clear();
            errors.Add(new("", "The plugin list has a text that is not valid Unicode.", "Look for \\ud800 and the like; until then no plugin is loaded."));
        }

        return new PluginList(file, entries, errors, []);
    }

    private static void ReadRoot(JsonElement root, List<PluginListEntry> entries, List<ValidationIssue> errors)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new("", "The plugin list is an object.", "Write { \"plugins\": [\"plugins/*\"] }."));
            return;
        }

        foreach (var property in root.EnumerateObject())
            if (property.Name is not ("plugins" or "$schema"))
                errors.Add(new("/" + property.Name, $"'{property.Name}' is not known.", "The list has one key: plugins."));

        if (!root.TryGetProperty("plugins", out var plugins) || plugins.ValueKind != JsonValueKind.Array)
        {
            errors.Add(new("/plugins", "'plugins' is an array of folders.", "Write \"plugins\": [\"plugins/*\"]."));
            return;
        }

        var index = 0;
        foreach (var item in plugins.EnumerateArray())
            if (ReadEntry($"/plugins/{index++}", item, errors) is { } entry)
                entries.Add(entry);
    }

    private static PluginListEntry? ReadEntry(string pointer, JsonElement item, List<ValidationIssue> errors)
    {
        if (item.ValueKind == JsonValueKind.String)
            return ReadPath(pointer, pointer, item, enabled: true, errors);

        if (item.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new(pointer, "An entry is a folder, or an object with 'path'.", "Write \"plugins/stripe\" or { \"path\": \"plugins/stripe\", \"enabled\": true }."));
            return null;
        }

        // An entry with something in it that this version does not understand counts as disabled, so that no pattern loads its folder either:
        // what is meant to restrict a plugin must not be overlooked.
        var known = true;
        foreach (var property in item.EnumerateObject())
        {
            if (property.Name is "path" or "enabled" or "sha256")
                continue;

            known = false;
            errors.Add(new($"{pointer}/{property.Name}", $"'{property.Name}' is not known, so the entry counts as disabled.", "An entry has the keys path, enabled and sha256."));
        }

        var enabled = true;
        if (item.TryGetProperty("enabled", out var flag))
        {
            if (flag.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                enabled = flag.GetBoolean();
            }
            else
            {
                known = false;
                errors.Add(new($"{pointer}/enabled", "'enabled' is true or false.", null));
            }
        }

        var pin = ReadPin(pointer, item, errors);
        known &= pin is not { Length: 0 };

        if (!item.TryGetProperty("path", out var path))
        {
            errors.Add(new(pointer, "The entry has no 'path'.", "Name the plugin's folder."));
            return null;
        }

        if (ReadPath(pointer, pointer + "/path", path, enabled, errors) is not { } entry)
            return null;

        if (pin is { Length: > 0 } && entry.IsPattern)
        {
            known = false;
            errors.Add(new($"{pointer}/sha256", $"'{entry.Path}' can mean several plugins, and one SHA-256 fits one plugin only; so the entry counts as disabled.", "Pin each plugin in an entry of its own, after the pattern."));
        }

        return known ? entry with { Sha256 = pin } : entry with { Enabled = false };
    }

    // Empty when it is not valid.
    private static string? ReadPin(string pointer, JsonElement item, List<ValidationIssue> errors)
    {
        if (!item.TryGetProperty("sha256", out var value))
            return null;

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: 64 } digits && digits.All(char.IsAsciiHexDigit))
            return digits.ToLowerInvariant();

        errors.Add(new($"{pointer}/sha256", "'sha256' is 64 hexadecimal digits, so the entry counts as disabled.", "Take the digest that the publisher states, or the one that GET /api/plugins shows for a copy you trust."));
        return "";
    }

    private static PluginListEntry? ReadPath(string entryPointer, string pathPointer, JsonElement path, bool enabled, List<ValidationIssue> errors)
    {
        if (path.ValueKind == JsonValueKind.String && path.GetString() is { } text && !string.IsNullOrWhiteSpace(text) && !text.Contains('\0', StringComparison.Ordinal))
            return new PluginListEntry(entryPointer, text.Replace('\\', '/'), enabled);

        errors.Add(new(pathPointer, "A path is a text that names a folder.", "Write \"plugins/stripe\", or \"plugins/*\" for every folder in plugins."));
        return null;
    }
}
