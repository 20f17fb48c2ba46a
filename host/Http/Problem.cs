using System.Text.Json.Serialization;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Http;

/// <summary>
/// An error as the API answers it: RFC 9457 problem details with the hub's code, the correlation id, and every single finding.
/// Return it from an endpoint with <see cref="ToResult"/>; throw it from a service inside a <see cref="ProblemException"/>.
/// </summary>
internal sealed record Problem(int Status, string Code, string Title, string? Detail = null)
{
    private const string TypePrefix = "https://integration-hub.dev/problems/";

    public string Type => TypePrefix + Code;

    [JsonPropertyName("errors")]
    public IReadOnlyList<ValidationIssue>? Errors { get; init; }

    /// <summary>Seconds for the <c>Retry-After</c> header.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Further members of the answer (RFC 9457 §3.2).</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, object?>? Extensions { get; init; }

    public static Problem Invalid(string detail, params IReadOnlyList<ValidationIssue> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid_request", "The request is not valid", detail) { Errors = errors };

    public static Problem NotFound(string what, string id) =>
        new(StatusCodes.Status404NotFound, "not_found", "Not found", $"There is no {what} '{id}', or this key may not see it.");

    public static Problem Conflict(string detail, string? pointer = null, string? hint = null) =>
        new(StatusCodes.Status409Conflict, "conflict", "Conflict", detail) { Errors = pointer is null ? null : [new ValidationIssue(pointer, detail, hint)] };

    public static Problem Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "forbidden", "Not allowed", detail);

    public IResult ToResult() => new ProblemResult(this);

    public ProblemException ToException() => new(this);
}

/// <summary>Something that the hub cannot do without is out of order just now: nothing was done, and the caller may try again. The message is the operator's.</summary>
internal abstract class UnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>When trying again may be worth it.</summary>
    public virtual TimeSpan RetryAfter => TimeSpan.FromSeconds(10);
}

/// <summary>Carries a <see cref="Problem"/> out of a service; the exception handler writes it. For what a caller did wrong, never for faults.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail ?? problem.Title)
{
    public Problem Problem { get; } = problem;
}
