using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Operations.Idempotency;

/// <summary>The header <c>Idempotency-Key</c>.</summary>
internal static class IdempotencyKeys
{
    private const string Header = "Idempotency-Key";
    private const int MaxLength = 255;

    /// <returns><see langword="null"/> when there is none.</returns>
    /// <exception cref="ProblemException">It is not usable.</exception>
    public static string? Read(HttpContext context)
    {
        var sent = context.Request.Headers[Header];
        if (sent.Count == 0)
            return null;

        var key = sent.Count == 1 ? sent.ToString().Trim() : "";
        return key.Length is > 0 and <= MaxLength && key.All(c => c is > ' ' and <= '~')
            ? key
            : throw Problem.Invalid("The Idempotency-Key is not usable.", new ValidationIssue("", "One header of 1 to 255 printable ASCII characters is expected.")).ToException();
    }
}
