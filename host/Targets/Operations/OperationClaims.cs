using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Targets.Operations;

/// <summary>
/// Sees to it that a delivery runs its operation once. A claim, durable and on every node, keeps two attempts from running at the same time (a lease can end before an operation does);
/// the record of the effect says whether an attempt before did it, or may have. Thread-safe.
/// </summary>
internal sealed class OperationClaims(IIdempotencyStore store, IEffectStore effects, IDeliveryStore deliveries, IOptions<ExecutionOptions> options, TimeProvider time)
{
    private const string Scope = "deliveries";
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    /// <param name="delivery">The delivery.</param>
    /// <param name="isRepeatable">Whether running it a second time does no harm.</param>
    /// <param name="run">Runs it, under the id by which its effect is found again.</param>
    /// <param name="cancellationToken">Ends waiting for the store.</param>
    public async Task<TargetAnswer> RunAsync(TargetDelivery delivery, bool isRepeatable, Func<string, Task<TargetAnswer>> run, CancellationToken cancellationToken)
    {
        if (delivery.IsReplay && await OpenEffectBeforeAsync(delivery, cancellationToken) is { } open)
            return Final($"Not run: an earlier delivery of this event to this subscription left something that nobody knows the outcome of. {NobodyKnows(open)}");

        // The same for each attempt, so that the effect of one is found by the next, however much later.
        var now = time.GetUtcNow();
        var claim = new IdempotentRequest
        {
            Id = RequestId(delivery.DeliveryId),
            Scope = Scope,
            Key = delivery.DeliveryId,
            Fingerprint = [],
            StartedAt = now,
            RunsUntil = now + options.Value.LongestRun,
            ExpiresAt = now + options.Value.IdempotencyWindow,
        };
        if (await store.TryBeginAsync(claim, cancellationToken) is { } earlier && (now < earlier.RunsUntil || !await store.TakeOverAsync(earlier, claim.RunsUntil, cancellationToken)))
            return new TargetAnswer { Outcome = DeliveryOutcomes.Refused, Error = "An earlier attempt is still running.", RetryAfter = AskAgain, IsHubFault = true, IsDeferred = true };

        try
        {
            return await BeforeAsync(claim.Id, isRepeatable, cancellationToken) ?? await run(claim.Id);
        }
        finally
        {
            // What it did is in the record of its effect.
            await store.ReleaseAsync(claim.Id, CancellationToken.None);
        }
    }

    public static string NobodyKnows(Effect effect) =>
        $"It was sent to the provider ({effect.Provider}, {effect.Operation}) and not answered, so nobody knows whether it was done, and it is not run again. Look there, then settle it: POST /api/effects/{effect.Id}/settle. "
        + "If it was not done, replay this delivery afterwards.";

    /// <summary>What an attempt before this one came to, when that is the answer.</summary>
    private async Task<TargetAnswer?> BeforeAsync(string requestId, bool isRepeatable, CancellationToken cancellationToken)
    {
        var effect = await effects.LatestAsync(new EffectQuery { RequestId = requestId }, cancellationToken);
        return effect?.Verdict switch
        {
            EffectVerdict.Succeeded => new TargetAnswer { Outcome = DeliveryOutcomes.Delivered, Body = $"It was done by an attempt before this one; see /api/effects/{effect.Id}." },

            // Nobody else runs it: this has the claim. So what is pending was lost with its process, or its verdict was.
            EffectVerdict.Unknown or EffectVerdict.Pending when !isRepeatable => Final(NobodyKnows(effect)),

            // The provider answered that it failed, and may have done it before.
            EffectVerdict.Failed when !isRepeatable && !effect.CertainlyDidNothing => Final($"{effect.Reason} It is not run again, because it may have been done; see /api/effects/{effect.Id}."),
            _ => null,
        };
    }

    /// <summary>A replay is a delivery of its own. What one before it may have done must be settled first: replaying many at once is no answer to that.</summary>
    private async Task<Effect?> OpenEffectBeforeAsync(TargetDelivery delivery, CancellationToken cancellationToken)
    {
        var query = new DeliveryQuery { EventId = delivery.Event.Id, SubscriptionId = delivery.Subscription.Id };
        var before = await deliveries.ListAsync(query, new PageRequest(PageRequest.MaxLimit), cancellationToken);
        foreach (var one in before.Items)
            if (one.Id != delivery.DeliveryId
                && await effects.LatestAsync(new EffectQuery { RequestId = RequestId(one.Id) }, cancellationToken) is { Verdict: EffectVerdict.Unknown or EffectVerdict.Pending } open)
                return open;

        return null;
    }

    private static string RequestId(string deliveryId) => Ids.IdempotentRequest + deliveryId[Ids.Delivery.Length..];

    private static TargetAnswer Final(string error) => new() { Outcome = DeliveryOutcomes.Refused, Error = error, IsFinal = true, IsHubFault = true };
}
