using System.Text.RegularExpressions;

namespace IntegrationHub.Host.Access;

/// <summary>The names that projects and aliases may have: they stand in addresses, log lines and file names.</summary>
internal static partial class ProjectName
{
    public const string Rule = "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
