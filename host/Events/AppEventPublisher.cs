using System.Runtime.InteropServices;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events;

/// <summary>What an application publishes.</summary>
internal sealed record PublishRequest(string? Type, JsonElement Data, string? Subject = null, string? Id = null, string? Project = null, string? Environment = null);

/// <summary>Publishes events of applications. Thread-safe.</summary>
internal sealed class AppEventPublisher(IEventPublisher publisher, IPayloadSealer payloads, TimeProvider time)
{
    private const string Prefix = EventProviders.App + ".";
    private const int MaxType = 128;
    private const int MaxId = 256;
    private const int MaxSubject = 1024;
    private static readonly TimeSpan DedupeWindow = TimeSpan.FromHours(24);

    /// <returns>The event's id, and whether it is new; a repetition gives the id of the event it repeats.</returns>
    /// <exception cref="ProblemException">The request is not valid, the key may not use the project, or the hub is busy.</exception>
    public async Task<(string Id, bool IsNew)> PublishAsync(Caller caller, PublishRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var issues = Check(request).ToList();
        if (issues.Count > 0)
            throw Problem.Invalid("The event is not valid.", issues).ToException();

        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Event, now);
        var type = request.Type!;
        var hubEvent = new HubEvent
        {
            Id = id,
            Provider = EventProviders.App,
            Project = ProjectScope.Project(caller, request.Project),
            Environment = request.Environment ?? ProjectScope.DefaultEnvironment,
            Type = type.StartsWith(Prefix, StringComparison.Ordinal) ? type : Prefix + type,
            Subject = request.Subject,
            ProviderEventId = request.Id ?? id,
            Time = now,
            ReceivedAt = now,
            CorrelationId = correlationId,
            SealedData = payloads.Seal(JsonMarshal.GetRawUtf8Value(request.Data), id),
        };

        try
        {
            var result = await publisher.PublishAsync(null, [hubEvent], DedupeWindow, cancellationToken);
            return result.Stored.Count > 0 ? (id, true) : (result.Duplicates[0], false);
        }
        catch (StoreBusyException)
        {
            throw new Problem(StatusCodes.Status503ServiceUnavailable, "busy", "The hub is busy", "Send it again in a moment.") { RetryAfter = TimeSpan.FromSeconds(1) }.ToException();
        }
    }

    private static IEnumerable<ValidationIssue> Check(PublishRequest request)
    {
        if (string.IsNullOrEmpty(request.Type))
            yield return new("/type", "The type is missing.", "Name what happened: 'order.created'.");
        else if (request.Type.Length > MaxType || !EventPattern.TryParse(request.Type, out _, out _) || request.Type.Contains('*', StringComparison.Ordinal))
            yield return new("/type", "This is no event type.", $"Up to {MaxType} letters, digits, '_' and '-' in segments with dots between: 'order.created'.");
        if (request.Data.ValueKind == JsonValueKind.Undefined)
            yield return new("/data", "The data is missing.", "Any JSON value; {} when there is nothing to say.");
        if (request.Subject is { Length: > MaxSubject })
            yield return new("/subject", $"The subject is longer than {MaxSubject} characters.");
        if (request.Id is { } id && (id.Length is 0 or > MaxId || id.Any(char.IsControl)))
            yield return new("/id", $"The id must have 1 to {MaxId} characters, none of them a control character.");
        if (ProjectScope.CheckEnvironment(request.Environment) is { } environment)
            yield return environment;
    }
}
