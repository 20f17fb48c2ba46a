using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Operations.Effects;

/// <summary>Told when a person has settled an unknown effect, so that what waited for it goes on. Idempotent: it may be told twice.</summary>
internal interface IEffectSettlementHandler
{
    Task SettledAsync(Effect effect, CancellationToken cancellationToken);
}

/// <summary>Shows effects, and lets a person settle those that nobody knows the outcome of. Thread-safe.</summary>
internal sealed class EffectService(IEffectStore store, IEnumerable<IEffectSettlementHandler> handlers, IAuditTrail audit, TimeProvider time)
{
    private const int MaxNote = 1000;

    /// <exception cref="ProblemException">There is none, or the caller may not see it.</exception>
    public async Task<Effect> GetAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        await store.GetAsync(id, cancellationToken) is { } effect && caller.CanSee(effect.Project) ? effect : throw Problem.NotFound("effect", id).ToException();

    /// <exception cref="ProblemException">There is none, it is not unknown, or the request is not valid.</exception>
    public async Task<Effect> SettleAsync(Caller caller, string correlationId, string id, SettleEffectRequest request, CancellationToken cancellationToken)
    {
        var issues = Check(request).ToList();
        if (issues.Count > 0)
            throw Problem.Invalid("The settlement is not valid.", issues).ToException();

        var effect = await GetAsync(caller, id, cancellationToken);
        var settlement = new EffectSettlement(request.Verdict, caller.KeyId, time.GetUtcNow(), string.IsNullOrWhiteSpace(request.Note) ? null : request.Note.Trim());
        if (!await store.SettleAsync(id, settlement, cancellationToken))
            throw Refuse(await GetAsync(caller, id, cancellationToken)).ToException();

        await audit.RecordAsync(
            time, caller, "effect.settled", id, effect.Project, correlationId, new { effect.ConnectionId, effect.Operation, settlement.Verdict, settlement.Note }, cancellationToken);

        var settled = effect with { Verdict = settlement.Verdict, Settlement = settlement };
        foreach (var handler in handlers)
            await handler.SettledAsync(settled, cancellationToken);

        return settled;
    }

    private static Problem Refuse(Effect effect) => effect switch
    {
        { Settlement: { } earlier } => Problem.Conflict($"The effect was settled already: {Word(earlier.Verdict)}.", "/verdict", "A settlement is final."),
        { Verdict: EffectVerdict.Pending } => Problem.Conflict("The operation is still under way.", "/verdict", "Wait until it is over."),
        _ => Problem.Conflict($"The outcome is known: {Word(effect.Verdict)}.", "/verdict", "Only effects with the verdict 'unknown' are settled."),
    };

    private static IEnumerable<ValidationIssue> Check(SettleEffectRequest request)
    {
        if (request.Verdict is not (EffectVerdict.Succeeded or EffectVerdict.Failed))
            yield return new("/verdict", "The verdict is 'succeeded' or 'failed'.", "Look at the provider: was it done there?");

        if (request.Note is { } note && (note.Length > MaxNote || note.Any(c => char.IsControl(c) && c is not '\n')))
            yield return new("/note", $"A note has at most {MaxNote} characters, none of them a control character.");
    }

    private static string Word(EffectVerdict verdict) => verdict.ToString().ToLowerInvariant();
}

/// <summary>What a person found out at the provider.</summary>
/// <param name="Verdict"><c>succeeded</c> or <c>failed</c>.</param>
/// <param name="Note">How they know.</param>
internal sealed record SettleEffectRequest(EffectVerdict Verdict, string? Note = null);
