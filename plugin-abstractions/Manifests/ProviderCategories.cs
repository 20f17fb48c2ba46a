namespace IntegrationHub.Manifests;

/// <summary>The categories of the catalog. A manifest names one of them in <c>category</c>.</summary>
public static class ProviderCategories
{
    /// <summary>All of them, in alphabetical order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "accounting", "ai", "analytics", "auth", "automation", "calendar", "cms", "commerce", "communication", "crm", "database", "design", "developer", "documents",
        "education", "email", "forms", "hr", "identity", "logistics", "maps", "marketing", "messaging", "monitoring", "other", "payment", "productivity", "project",
        "search", "security", "shipping", "social", "storage", "support", "telephony", "travel", "video",
    ];
}
