using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events.Stream;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Secrets;

namespace IntegrationHub.Host.Privacy;

/// <summary>Wakes whoever deletes.</summary>
internal sealed class ErasureSignal : WakeSignal;

/// <summary>Deletes what is held about people, order by order, a small batch at a time. How far an order is stands in the database: after a crash it goes on there.</summary>
internal sealed partial class ErasureWorker(
    IErasureStore store, EventFeed feed, IPayloadSealer payloads, IAuditTrail audit, ErasureSignal signal, TimeProvider time, ILogger<ErasureWorker> logger) : BackgroundService
{
    /// <summary>What is looked at in one go, and what is deleted in one commit: webhooks wait for the same writer.</summary>
    private const int Look = 50;
    private const int Commit = 20;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await store.NextAsync(stoppingToken) is { } erasure)
                    await RunAsync(erasure, stoppingToken);
                await signal.WaitAsync(Tick, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
                await Task.Delay(Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Takes an order from where it is to its end.</summary>
    public async Task<Erasure> RunAsync(Erasure erasure, CancellationToken cancellationToken)
    {
        var person = JsonSerializer.Deserialize<PersonQuery>(payloads.Open(erasure.SealedQuery, erasure.Id))!;
        while (erasure.Phase != ErasurePhase.Done)
            erasure = erasure.Phase == ErasurePhase.Data && person.Pointers.Count == 0
                ? await store.EraseAsync(erasure, person, [], Following(erasure), cancellationToken)
                : await StepAsync(erasure, person, cancellationToken);

        // The newest events are in memory too, for those who read them as they come.
        feed.Forget();

        // Audited before it counts as completed: a crash in between leaves two entries at worst, and never none.
        await audit.RecordAsync(
            new AuditEntry
            {
                Time = time.GetUtcNow(),
                Actor = erasure.Actor,
                Action = "privacy.erased",
                Target = erasure.Id,
                Project = erasure.Project,
                Address = erasure.Address,
                CorrelationId = erasure.CorrelationId,
                Details = JsonSerializer.SerializeToElement(new { subjectHash = Convert.ToHexStringLower(erasure.SubjectHash), erasure.Counts }, HubJson.Options),
            },
            cancellationToken);
        var done = await store.EraseAsync(erasure, person, [], erasure with { State = ErasureState.Completed, SealedQuery = null, CompletedAt = time.GetUtcNow() }, cancellationToken);
        Log.Completed(logger, done.Id, done.Counts);
        return done;
    }

    private async Task<Erasure> StepAsync(Erasure erasure, PersonQuery person, CancellationToken cancellationToken)
    {
        var subject = erasure.Phase == ErasurePhase.Subjects ? person.Subject : null;
        var things = await store.ListAsync(erasure.Phase, erasure.Project, subject, erasure.Position, Look, cancellationToken);
        var found = things.Where(thing => IsOf(person, erasure.Phase, thing)).ToList();
        foreach (var few in found.Chunk(Commit))
            erasure = await store.EraseAsync(erasure, person, [.. few.Select(thing => thing.Id)], erasure with { Position = few[^1].Position }, cancellationToken);

        return await store.EraseAsync(
            erasure, person, [], things.Count < Look ? Following(erasure) : erasure with { Position = things[^1].Position }, cancellationToken);
    }

    private bool IsOf(PersonQuery person, ErasurePhase phase, HeldThing thing)
    {
        if (phase == ErasurePhase.Subjects || person.IsInText(thing.Text))
            return true;

        foreach (var (value, context) in thing.Sealed)
        {
            byte[] plain;
            try
            {
                plain = payloads.Open(value, context);
            }
            catch (CryptographicException)
            {
                // Nobody can read it, so it tells nobody of anybody.
                Log.CannotOpen(logger, thing.Id);
                continue;
            }

            var isOf = phase switch
            {
                ErasurePhase.Data => person.IsIn(JsonElement.Parse(plain)),
                ErasurePhase.Answers => JsonSerializer.Deserialize<StoredAnswer>(plain) is { } answer && person.IsInText(Encoding.UTF8.GetString(answer.Body)),
                _ => person.IsInText(Encoding.UTF8.GetString(plain)),
            };
            if (isOf)
                return true;
        }

        return false;
    }

    private static Erasure Following(Erasure erasure) => erasure with { Phase = erasure.Phase + 1, Position = "" };

    private static partial class Log
    {
        [LoggerMessage(5101, LogLevel.Error, "Deleting what is held about a person failed; trying again")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(5002, LogLevel.Warning, "{Thing} cannot be opened and was not searched")]
        public static partial void CannotOpen(ILogger logger, string thing);

        [LoggerMessage(5003, LogLevel.Information, "Erasure {Erasure} is completed: {Counts}")]
        public static partial void Completed(ILogger logger, string erasure, ErasureCounts counts);
    }
}
