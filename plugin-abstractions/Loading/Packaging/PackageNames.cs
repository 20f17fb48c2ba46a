using System.Globalization;
using System.Text;

namespace IntegrationHub.Loading.Packaging;

/// <summary>
/// Names of files in a package: such as mean one and the same file below the plugin's folder on Windows, macOS and Linux, and nothing else.
/// The rules are those of Windows (Naming Files, Paths, and Namespaces), the strictest of the three.
/// </summary>
internal static class PackageNames
{
    private const int LongestName = 200;
    private const int DeepestFolder = 16;
    private const int LongestShown = 80;
    private const string Forbidden = "<>:\"|?*";

    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(n => (string[])[$"COM{n}", $"LPT{n}"]), .. "¹²³".SelectMany(n => (string[])[$"COM{n}", $"LPT{n}"])],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with the name, to stand after it in a sentence; <see langword="null"/> when nothing is.</summary>
    /// <param name="name">Relative to the plugin's folder, with <c>/</c> between names, without one at the end.</param>
    public static string? Problem(string name)
    {
        if (name.Length == 0)
            return "is empty";

        if (name[0] == '/')
            return "is an absolute path";

        if (name.Length > 1 && name[1] == ':' && char.IsAsciiLetter(name[0]))
            return "begins with a drive letter";

        if (name.Contains('\\', StringComparison.Ordinal))
            return "contains a backslash, which separates folders on Windows only";

        if (name.FirstOrDefault(c => Forbidden.Contains(c, StringComparison.Ordinal)) is var bad and not '\0')
            return $"contains {bad}, which Windows does not allow";

        if (name.Any(IsInvisible))
            return "contains a control character";

        if (name.Length > LongestName)
            return string.Create(CultureInfo.InvariantCulture, $"is longer than {LongestName} characters");

        var parts = name.Split('/');
        return parts.Length > DeepestFolder
            ? string.Create(CultureInfo.InvariantCulture, $"lies more than {DeepestFolder} folders deep")
            : parts.Select(PartProblem).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>The name as file systems compare it that ignore case (Windows, macOS) and the way accents are written (macOS).</summary>
    public static string Fold(string name) => name.Normalize(NormalizationForm.FormC).ToUpperInvariant();

    /// <summary>The name, fit to be shown: short, and unable to steer a terminal.</summary>
    public static string Show(string name)
    {
        var shown = new StringBuilder();
        foreach (var c in name.Length <= LongestShown ? name : name[..LongestShown] + "…")
            if (IsInvisible(c) || char.IsSurrogate(c))
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                shown.Append(c);

        return $"'{shown}'";
    }

    private static string? PartProblem(string part)
    {
        if (part.Length == 0)
            return "has an empty part (//)";

        if (part is "." or "..")
            return "leads out of the plugin's folder, or nowhere";

        if (part[^1] is '.' or ' ')
            return "has a part that ends in a dot or a space, which Windows takes away";

        // Windows takes "nul.txt" and "NUL .txt" for the device as well.
        var stem = part.Split('.')[0].TrimEnd(' ');
        return Devices.Contains(stem) ? $"has a part that Windows keeps for a device ({stem.ToUpperInvariant()})" : null;
    }

    // Control characters, and those that turn the direction of text and so make a name look like another.
    private static bool IsInvisible(char c) => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or '\uFEFF';
}
