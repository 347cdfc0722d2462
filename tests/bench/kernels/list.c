/* SPDX-License-Identifier: MIT
 * Linked lists: building, reversing, merge sort, searching. */
#include "kernel.h"
#define N 500
struct node {
    struct node *next;
    i32 key, value;
};
static struct node pool[N];
static struct node *merge(struct node *a, struct node *b)
{
    struct node head, *tail = &head;
    while (a && b) {
        struct node **smaller = a->key <= b->key ? &a : &b;
        tail->next = *smaller;
        tail = *smaller;
        *smaller = (*smaller)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}
static struct node *sort(struct node *list)
{
    struct node *slow = list, *fast;
    if (!list || !list->next)
        return list;
    for (fast = list->next; fast && fast->next; fast = fast->next->next)
        slow = slow->next;
    struct node *half = slow->next;
    slow->next = 0;
    return merge(sort(list), sort(half));
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        struct node *list = 0;
        for (int i = 0; i < N; i++) {
            pool[i].key = (i32)(next_random() & 1023);
            pool[i].value = i;
            pool[i].next = list;
            list = &pool[i];
        }
        list = sort(list);
        struct node *reversed = 0;
        while (list) {
            struct node *next = list->next;
            list->next = reversed;
            reversed = list;
            list = next;
        }
        for (int k = 0; k < 20; k++)
            for (struct node *p = reversed; p; p = p->next)
                if (p->key == k * 50) {
                    sum += p->value;
                    break;
                }
    }
    return sum;
}
