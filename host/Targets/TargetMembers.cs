using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Targets;

/// <summary>What the kinds check alike.</summary>
internal static class TargetMembers
{
    /// <summary>What a template can begin with, besides pointers: as in transformations.</summary>
    private static readonly string[] Roots = ["event", "item"];

    /// <summary>Members that the kind does not have.</summary>
    public static IEnumerable<ValidationIssue> Check(Subscription subscription, IReadOnlyList<string> known)
    {
        if (subscription.Settings.Target is not { } target)
            yield break;

        foreach (var member in target.EnumerateObject())
            if (!known.Contains(member.Name))
                yield return new("/target/" + RequestBody.Escape(member.Name), $"A target of the kind '{subscription.TargetKind}' has no member '{member.Name}'.", Suggestion.For(member.Name, known));
    }

    /// <summary>The first member that is not of its type.</summary>
    public static ValidationIssue Misshapen(JsonElement target, IReadOnlyList<string> texts, IReadOnlyList<string> flags)
    {
        foreach (var member in target.EnumerateObject())
        {
            if (texts.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.String)
                return new("/target/" + member.Name, "A text is expected.");
            if (flags.Contains(member.Name) && member.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                return new("/target/" + member.Name, "The value must be true or false.");
        }

        return new("/target", "A member is not of its type.");
    }

    /// <summary>What is wrong with a template over the event.</summary>
    public static ValidationIssue? CheckTemplate(string pointer, Func<Template> compile)
    {
        try
        {
            foreach (var (root, _) in compile().References)
                if (root.Length > 0 && !Roots.Contains(root))
                    return new(pointer, $"There is no '{root}' here.", "Begin with the event, as in {event.data.amount}, or write a pointer into it, as in {/data/amount}.");

            return null;
        }
        catch (TemplateException exception)
        {
            return new(pointer, exception.Message, "Templates are explained in docs/templates.md.");
        }
    }

    /// <summary>The event's envelope for templates: as <c>event</c>, and for pointers.</summary>
    public static ITemplateScope Scope(JsonElement envelope) => new TemplateScope().Set("", envelope).Set("event", envelope);
}
