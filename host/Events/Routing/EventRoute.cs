using IntegrationHub.Host.Secrets;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>A subscription with what it is matched by, compiled. Immutable and thread-safe.</summary>
internal sealed class EventRoute
{
    private readonly EventPattern pattern;
    private readonly EventFilter? filter;
    private readonly OrderKey? order;

    private EventRoute(Subscription subscription, EventPattern pattern, EventFilter? filter, OrderKey? order)
    {
        Subscription = subscription;
        this.pattern = pattern;
        this.filter = filter;
        this.order = order;
    }

    public Subscription Subscription { get; }

    /// <summary>The literal segments that every type of the pattern begins with, with dots between; empty when there are none.</summary>
    public string Prefix => pattern.LiteralPrefix;

    public static EventRoute? TryCompile(Subscription subscription, out IReadOnlyList<ValidationIssue> issues)
    {
        var found = new List<ValidationIssue>();
        issues = found;
        if (!EventPattern.TryParse(subscription.Pattern, out var pattern, out var error))
            found.Add(new("/pattern", error.Message, error.Hint));

        EventFilter? filter = null;
        if (subscription.Settings.Filter is { } written)
        {
            try
            {
                if (!EventFilter.TryCompile(written, out filter, out var faults))
                    found.AddRange(faults);
            }
            catch (InvalidOperationException)
            {
                found.Add(new("/filter", "A text in the filter is not valid Unicode."));
            }
        }

        OrderKey? order = null;
        if (subscription.Settings.OrderBy is { } orderBy)
        {
            order = OrderKey.TryParse(orderBy, out var unordered);
            if (unordered is not null)
                found.Add(new("/orderBy", unordered.Message, $"Name what has to stay in order: '{SubscriptionRules.Subject}', or a pointer into the event such as '/data/customer'."));
        }

        return found.Count == 0 ? new EventRoute(subscription, pattern!, filter, order) : null;
    }

    /// <summary>The same for a subscription that differs in nothing that matters here.</summary>
    public EventRoute With(Subscription subscription) => new(subscription, pattern, filter, order);

    /// <summary>Whether the subscription sees the event at all, and its type is right.</summary>
    public bool Sees(string environment, string type) =>
        (Subscription.Environment is null || Subscription.Environment == environment) && pattern.Matches(type);

    /// <summary>Whether its filter, if it has one, lets the event pass. The event's fields are made when they are needed.</summary>
    public bool Passes(HubEvent hubEvent, IPayloadSealer payloads, ref EventFields? fields) => filter is null || filter.Matches(fields ??= new(hubEvent, payloads));

    public string? OrderKeyOf(HubEvent hubEvent, IPayloadSealer payloads, ref EventFields? fields) => order?.Of(fields ??= new(hubEvent, payloads));

    /// <summary>All that keeps the event from going to the subscription; empty when nothing does.</summary>
    public IReadOnlyList<FilterMismatch> Explain(EventFields fields)
    {
        var (hubEvent, found) = (fields.Event, new List<FilterMismatch>());
        if (Subscription.Project != hubEvent.Project)
            found.Add(new("/project", $"The event belongs to the project '{hubEvent.Project}'."));
        if (Subscription.Environment is { } environment && environment != hubEvent.Environment)
            found.Add(new("/environment", $"The event is of '{hubEvent.Environment}'."));
        if (!pattern.Matches(hubEvent.Type))
            found.Add(new("/pattern", $"The event's type is '{hubEvent.Type}'."));
        if (filter is not null)
            found.AddRange(filter.Explain(fields));
        return found;
    }

    /// <summary>The value that its deliveries are ordered by; <see langword="null"/> for none.</summary>
    public string? OrderValueOf(EventFields fields) => order?.ValueOf(fields);
}

/// <summary>A subscription that an event goes to.</summary>
/// <param name="Subscription">Where to.</param>
/// <param name="OrderKey">The key within which its deliveries keep their order; <see langword="null"/> for none.</param>
internal readonly record struct RoutedSubscription(Subscription Subscription, string? OrderKey);
