using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Secrets;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Operations.Idempotency;

/// <summary>What the work of an idempotent request tells about its answer.</summary>
internal sealed class IdempotentRun(string requestId)
{
    public string RequestId { get; } = requestId;

    /// <summary>Whether a repetition gets this answer again. Otherwise the key is free: nothing happened, and trying again can help.</summary>
    public bool KeepAnswer { get; set; }
}

/// <summary>
/// Gives a repeated request the answer of the first (draft-ietf-httpapi-idempotency-key-header): 409 while the first runs, 422 when something else is asked for under the same key.
/// The work goes on when the caller hangs up, so that there is something to answer. Thread-safe.
/// </summary>
internal sealed partial class IdempotentRequests(
    IIdempotencyStore store, IEffectStore effects, IPayloadSealer payloads, Fingerprint fingerprint, IOptions<ExecutionOptions> options, TimeProvider time,
    ILogger<IdempotentRequests> logger) : IEffectSettlementHandler
{
    public const string ReplayedHeader = "Idempotent-Replayed";
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    /// <param name="context">The request; its answer is written by <paramref name="work"/>.</param>
    /// <param name="key">The key it carries.</param>
    /// <param name="asked">All that makes it this request.</param>
    /// <param name="isRepeatable">Whether running it a second time does no harm.</param>
    /// <param name="work">Writes the answer.</param>
    /// <param name="cancellationToken">Ends waiting for the store, not the work.</param>
    /// <exception cref="ProblemException">The key is in use, was used for something else, or its first request came to an end that nobody knows.</exception>
    public async Task RunAsync(
        HttpContext context, string key, JsonElement asked, bool isRepeatable, Func<IdempotentRun, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var request = new IdempotentRequest
        {
            Id = Ids.New(Ids.IdempotentRequest, now),
            Scope = context.GetCaller().KeyId,
            Key = key,
            Fingerprint = fingerprint.Of(asked),
            StartedAt = now,
            RunsUntil = now + options.Value.LongestRun,
            ExpiresAt = now + options.Value.IdempotencyWindow,
        };

        if (await store.TryBeginAsync(request, cancellationToken) is { } earlier)
        {
            if (!CryptographicOperations.FixedTimeEquals(earlier.Fingerprint, request.Fingerprint))
                throw Reused().ToException();

            if (earlier.SealedAnswer is { } answer)
            {
                var stored = await OpenAsync(answer, earlier, cancellationToken);
                if (stored.Status >= StatusCodes.Status500InternalServerError
                    && await LatestEffectAsync(earlier.Id, cancellationToken) is { Settlement.Verdict: EffectVerdict.Succeeded } settled)
                {
                    throw Settled(settled).ToException();
                }

                await ReplayAsync(context, stored, cancellationToken);
                return;
            }

            if (now < earlier.RunsUntil || !await MayTakeOverAsync(earlier, isRepeatable, request.RunsUntil, cancellationToken))
                throw InUse().ToException();

            request = earlier with { RunsUntil = request.RunsUntil };
        }

        await RunAsync(context, request, isRepeatable, work);
    }

    /// <summary>What did not happen may be asked for again under the same key.</summary>
    public async Task SettledAsync(Effect effect, CancellationToken cancellationToken)
    {
        if (effect is { RequestId: { } id, Verdict: EffectVerdict.Failed })
            await store.ReleaseAsync(id, cancellationToken);
    }

    private async Task RunAsync(HttpContext context, IdempotentRequest request, bool isRepeatable, Func<IdempotentRun, CancellationToken, Task> work)
    {
        // What was begun is brought to an end, within its own deadlines: a caller that hung up comes back for the answer.
        var (client, aborted) = (context.Response.Body, context.RequestAborted);
        using var written = new MemoryStream();
        context.Response.Body = written;
        context.RequestAborted = CancellationToken.None;
        var run = new IdempotentRun(request.Id);
        try
        {
            await work(run, CancellationToken.None);
        }
        catch (Exception)
        {
            await EndAsync(request, isRepeatable, null);
            throw;
        }
        finally
        {
            context.Response.Body = client;
            context.RequestAborted = aborted;
        }

        var retryAt = int.TryParse(context.Response.Headers.RetryAfter, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? time.GetUtcNow().AddSeconds(seconds) : (DateTimeOffset?)null;
        var answer = new StoredAnswer(context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.Location, written.ToArray(), retryAt);
        await EndAsync(request, isRepeatable, run.KeepAnswer ? answer : null);
        await client.WriteAsync(answer.Body, aborted);
    }

    private async Task EndAsync(IdempotentRequest request, bool isRepeatable, StoredAnswer? answer)
    {
        try
        {
            if (answer is not null)
                await store.AnswerAsync(request.Id, payloads.Seal(JsonSerializer.SerializeToUtf8Bytes(answer), request.Id), CancellationToken.None);
            else if (!isRepeatable && await LatestEffectAsync(request.Id, CancellationToken.None) is { CertainlyDidNothing: false })
                await store.TakeOverAsync(request, time.GetUtcNow(), CancellationToken.None);
            else
                await store.ReleaseAsync(request.Id, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The caller gets the answer all the same. The key stays taken until its runner counts as gone; then the record of the effect decides.
            Log.NotStored(logger, exception, request.Id);
        }
    }

    private async Task<bool> MayTakeOverAsync(IdempotentRequest earlier, bool isRepeatable, DateTimeOffset runsUntil, CancellationToken cancellationToken)
    {
        var effect = await LatestEffectAsync(earlier.Id, cancellationToken);
        switch (effect?.Verdict)
        {
            case EffectVerdict.Succeeded:
                throw Lost(effect, "succeeded").ToException();
            case EffectVerdict.Unknown or EffectVerdict.Pending when !isRepeatable:
                throw Unknown(effect).ToException();
            case EffectVerdict.Failed when !isRepeatable && !effect.CertainlyDidNothing:
                throw Lost(effect, "failed").ToException();
            default:
                return await store.TakeOverAsync(earlier, runsUntil, cancellationToken);
        }
    }

    private Task<Effect?> LatestEffectAsync(string requestId, CancellationToken cancellationToken) =>
        effects.LatestAsync(new EffectQuery { RequestId = requestId }, cancellationToken);

    private async Task<StoredAnswer> OpenAsync(byte[] answer, IdempotentRequest earlier, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize<StoredAnswer>(payloads.Open(answer, earlier.Id)) ?? throw new JsonException("The answer is null.");
        }
        catch (Exception fault) when (fault is CryptographicException or JsonException)
        {
            // The work was done: running it again would do it twice, and trying again helps nobody.
            Log.Unreadable(logger, fault, earlier.Id);
            throw Unreadable(await LatestEffectAsync(earlier.Id, cancellationToken)).ToException();
        }
    }

    private async Task ReplayAsync(HttpContext context, StoredAnswer answer, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        response.Headers[ReplayedHeader] = "true";
        if (answer.Location is { } location)
            response.Headers.Location = location;

        if (answer.RetryAt - time.GetUtcNow() is { Ticks: > 0 } left)
            response.Headers.RetryAfter = Math.Ceiling(left.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);

        await response.Body.WriteAsync(answer.Body, cancellationToken);
    }

    private static Problem Reused() => new(
        StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused", "The Idempotency-Key was used for something else",
        "Under this Idempotency-Key another request was made before. Use a new key for a new request.");

    private static Problem InUse() => new(
        StatusCodes.Status409Conflict, "idempotency_key_in_use", "The first request is still running",
        "A request with this Idempotency-Key is being carried out. Ask again in a moment for its answer.") { RetryAfter = AskAgain };

    private static Problem Lost(Effect effect, string verdict) => new(
        StatusCodes.Status409Conflict, "answer_lost", "The answer of the first request is lost",
        $"The first request with this Idempotency-Key {verdict}, and its answer could not be kept. See /api/effects/{effect.Id}.")
    {
        Extensions = new Dictionary<string, object?> { ["effectId"] = effect.Id },
    };

    private static Problem Unreadable(Effect? effect) => new(
        StatusCodes.Status409Conflict, "answer_lost", "The answer of the first request is lost",
        "The first request with this Idempotency-Key was answered, and what was kept of the answer cannot be read any more: it was altered, or encrypted under another key. Nothing was done now."
        + (effect is null ? "" : $" See /api/effects/{effect.Id}."))
    {
        Extensions = effect is null ? null : new Dictionary<string, object?> { ["effectId"] = effect.Id },
    };

    // That nobody knows what became of it is not true any more.
    private static Problem Settled(Effect effect) => new(
        StatusCodes.Status409Conflict, "answer_lost", "The answer of the first request is lost",
        $"The first request with this Idempotency-Key was not answered. Somebody has found since that it succeeded. See /api/effects/{effect.Id}.")
    {
        Extensions = new Dictionary<string, object?> { ["effectId"] = effect.Id, ["outcomeUnknown"] = false },
    };

    private static Problem Unknown(Effect effect) => new(
        StatusCodes.Status409Conflict, "outcome_unknown", "Nobody knows what became of the first request",
        $"The first request with this Idempotency-Key was sent to the provider and the hub stopped before an answer came. Look there, then settle /api/effects/{effect.Id}.")
    {
        Extensions = new Dictionary<string, object?> { ["effectId"] = effect.Id, ["outcomeUnknown"] = true },
    };

    private static partial class Log
    {
        [LoggerMessage(3064, LogLevel.Error, "The answer of the idempotent request {Request} could not be kept")]
        public static partial void NotStored(ILogger logger, Exception exception, string request);

        [LoggerMessage(3065, LogLevel.Error, "The kept answer of the idempotent request {Request} cannot be read")]
        public static partial void Unreadable(ILogger logger, Exception exception, string request);
    }
}
