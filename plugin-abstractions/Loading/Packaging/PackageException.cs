using IntegrationHub.Schemas;

namespace IntegrationHub.Loading.Packaging;

/// <summary>A folder cannot be packed, or a package must not be unpacked: every reason that could be found.</summary>
internal sealed class PackageException(params IReadOnlyList<ValidationIssue> issues) : Exception(issues[0].Message)
{
    public PackageException(string message, string? hint = null)
        : this(new ValidationIssue("", message, hint))
    {
    }

    public IReadOnlyList<ValidationIssue> Issues { get; } = issues;
}
