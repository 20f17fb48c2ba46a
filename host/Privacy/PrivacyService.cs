using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Privacy;

/// <summary>Whose data within which project, and why it is asked for.</summary>
internal sealed record PersonRequest(string Subject, string Reason, string? Project = null, IReadOnlyList<string>? Pointers = null);

/// <summary>Takes orders to delete what is held about a person, and hands it out. Thread-safe.</summary>
internal sealed class PrivacyService(
    IErasureStore store, IEventStore events, IPayloadSealer payloads, Fingerprint fingerprint, ErasureSignal signal, IAuditTrail audit, TimeProvider time)
{
    private const int MaxSubject = 1024;
    private const int MinReason = 3;
    private const int MaxReason = 500;
    private const int MaxPointers = 20;
    private const int MaxPointer = 256;
    private const int Look = 50;

    /// <exception cref="ProblemException">It is not valid, or the key may not use the project.</exception>
    public async Task<Erasure> EraseAsync(Caller caller, PersonRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var (project, person) = Read(caller, request);
        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Erasure, now);
        var erasure = new Erasure
        {
            Id = id,
            Project = project,
            SubjectHash = HashOf(project, person),
            SealedQuery = payloads.Seal(JsonSerializer.SerializeToUtf8Bytes(person), id),
            Reason = request.Reason.Trim(),
            State = ErasureState.Running,
            Phase = ErasurePhase.Subjects,
            Actor = caller.KeyId,
            Address = caller.Address,
            CorrelationId = correlationId,
            CreatedAt = now,
        };

        // The order is on record before anything is gone.
        await audit.RecordAsync(
            time, caller, "privacy.erasure_requested", id, project, correlationId,
            new { subjectHash = Convert.ToHexStringLower(erasure.SubjectHash), erasure.Reason, person.Pointers }, cancellationToken);
        await store.AddAsync(erasure, cancellationToken);
        signal.Wake();
        return erasure;
    }

    /// <exception cref="ProblemException">It is not there, or the caller may not see it.</exception>
    public async Task<Erasure> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } found && caller.CanSee(found.Project) ? found : throw Problem.NotFound("erasure", id).ToException();

    /// <summary>What is held about a person: events as they are sent, the oldest first. Audited before anything is handed out.</summary>
    /// <exception cref="ProblemException">It is not valid, or the key may not use the project.</exception>
    public async Task<IAsyncEnumerable<byte[]>> ExportAsync(Caller caller, PersonRequest request, string correlationId, CancellationToken cancellationToken)
    {
        var (project, person) = Read(caller, request);
        await audit.RecordAsync(
            time, caller, "privacy.exported", null, project, correlationId,
            new { subjectHash = Convert.ToHexStringLower(HashOf(project, person)), reason = request.Reason.Trim(), person.Pointers }, cancellationToken);
        return ReadAsync(project, person, cancellationToken);
    }

    private async IAsyncEnumerable<byte[]> ReadAsync(string project, PersonQuery person, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var phase = person.Pointers.Count == 0 ? ErasurePhase.Subjects : ErasurePhase.Data;
        var after = "";
        while (true)
        {
            var things = await store.ListAsync(phase, project, phase == ErasurePhase.Subjects ? person.Subject : null, after, Look, cancellationToken);
            foreach (var thing in things)
            {
                if (await events.GetAsync(thing.Id, cancellationToken) is not { } hubEvent)
                    continue;

                byte[] data;
                try
                {
                    data = payloads.Open(hubEvent.SealedData.Span, hubEvent.Id);
                }
                catch (CryptographicException)
                {
                    continue;
                }

                if (hubEvent.Subject == person.Subject || (person.Pointers.Count > 0 && person.IsIn(JsonElement.Parse(data))))
                    yield return CloudEventWriter.Write(hubEvent, data);
            }

            if (things.Count < Look)
                yield break;

            after = things[^1].Position;
        }
    }

    private byte[] HashOf(string project, PersonQuery person) => fingerprint.Of(JsonSerializer.SerializeToElement(new { project, subject = person.Subject }));

    private static (string Project, PersonQuery Person) Read(Caller caller, PersonRequest request)
    {
        var issues = new List<ValidationIssue>();

        // Elsewhere nobody named means 'default'. Here that would tell somebody that nothing is held about a person of another project.
        if (request.Project is null && caller.Projects is not { Count: 1 })
            issues.Add(new("/project", "The project is missing; this key sees several.", "Name the project the person is known in; ask once for each."));
        if (request.Subject.Length is 0 or > MaxSubject)
            issues.Add(new("/subject", $"1 to {MaxSubject} characters are expected.", "What the person is named by: a customer's id, an address."));
        if (request.Reason.Trim().Length is < MinReason or > MaxReason)
            issues.Add(new("/reason", $"Say why, in {MinReason} to {MaxReason} characters.", "It stands in the audit: do not name the person in it."));
        else if (request.Subject.Length > 0 && request.Reason.Contains(request.Subject, StringComparison.Ordinal))
            issues.Add(new("/reason", "The reason names the subject.", "It stands in the audit, which is never deleted: name the ticket or the request instead."));

        var pointers = request.Pointers ?? [];
        if (pointers.Count > MaxPointers)
            issues.Add(new("/pointers", $"{MaxPointers} pointers at the most."));
        for (var i = 0; i < pointers.Count; i++)
        {
            if (pointers[i] is not { Length: > 0 and <= MaxPointer } pointer || pointer[0] != '/')
                issues.Add(new($"/pointers/{i}", "This is no JSON pointer.", "It begins with '/': /customer/email. '*' stands for every item or member: /items/*/email."));
        }

        if (issues.Count > 0)
            throw Problem.Invalid("The request is not valid.", issues).ToException();
        return (ProjectScope.Project(caller, request.Project), new PersonQuery { Subject = request.Subject, Pointers = pointers });
    }
}
